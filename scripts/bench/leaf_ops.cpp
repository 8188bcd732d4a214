// Counts the operations of libtorch that a process makes; preloaded by launches.py. At the end of the process it
// writes a line `NAME CPU CUDA` for each operation to the file LEAF_OPS.
//
// An operation counts on a CPU unless it is in NO_KERNEL (views, allocations, and those that only call others) or calls
// another form of itself.
// As CUDA runs it,
// - an operator of FUSED counts as its kernels, forward and backward, instead of the operations inside it. Operations of
//   the backward pass belong to it if the sequence number of their node was given out inside it;
// - fill_ and copy_ of tensors without dimensions do not count: most are scalars, which CUDA takes as arguments.
#include <ATen/SequenceNumber.h>
#include <ATen/record_function.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace {

struct Kernels {
  long forward, backward;
};

// Backward: rms_norm takes one kernel, but on the CPU the engine sums one gradient and adds two outside of its nodes, so
// 1 - 2 is counted; attention takes one kernel and two for the sum of gradient times output.
const std::map<std::string, Kernels> FUSED = {
    {"aten::rms_norm", {1, -1}},
    {"aten::dropout", {1, 1}},
    {"aten::native_dropout", {1, 1}},
    {"aten::scaled_dot_product_attention", {1, 3}},
};

const std::set<std::string> NO_KERNEL = {
    "_fused_rms_norm", "_has_compatible_shallow_copy_type", "_local_scalar_dense", "_nested_tensor_size",
    "_reshape_alias", "_safe_softmax", "_scaled_dot_product_attention_math", "_to_copy", "_unsafe_view", "_version",
    "alias", "as_strided", "chunk", "clone", "constant_pad_nd", "contiguous", "cross_entropy_loss", "detach",
    "detach_", "detach_copy", "dropout", "einsum", "embedding", "empty", "empty_like", "empty_strided", "expand",
    "expand_as", "flatten", "full", "full_like", "hstack", "index_select_backward", "is_nonzero", "is_same_size",
    "item", "lift_fresh", "linear", "log_softmax", "masked_fill", "matmul", "mean", "narrow", "native_dropout",
    "new_empty", "new_empty_strided", "new_full", "new_zeros", "nll_loss", "nll_loss_nd", "norm", "numel", "ones",
    "ones_like", "output_nr", "pad", "permute", "rand", "randn", "requires_grad_", "reshape", "resize_",
    "resolve_conj", "resolve_neg", "result_type", "retain_grad", "rms_norm", "scalar_tensor",
    "scaled_dot_product_attention", "select", "set_", "set_data", "size", "slice", "slice_backward", "softmax",
    "split", "split_with_sizes", "square", "squeeze", "stack", "stride", "swapaxes", "t", "tile", "to", "transpose",
    "type_as", "unbind", "unfold", "unsqueeze", "view", "view_as", "vstack", "zeros", "zeros_like",
};

struct Count {
  long cpu = 0, cuda = 0;
};
struct Total {
  std::mutex mutex;
  std::map<std::string, Count> counts;
};
// Never destroyed: other destructors may still call libtorch.
Total& total = *new Total;

// A fused operator of the forward pass: the sequence numbers of its nodes end before `end`.
struct Range {
  uint64_t end;
  std::string name;
  bool seen;
};
thread_local std::map<uint64_t, Range> ranges;

struct Frame {
  std::string name;
  bool calls_itself = false;
  bool fused = false;
  bool opens = false;
  bool scalar = false;
  uint64_t first = 0;
};
thread_local std::vector<Frame> frames;

void add(const std::string& name, long cpu, long cuda) {
  std::lock_guard<std::mutex> lock(total.mutex);
  total.counts[name].cpu += cpu;
  total.counts[name].cuda += cuda;
}

// Inputs can be asked for only when an operation begins, and not of every operation.
bool is_of_scalar(const at::RecordFunction& f) {
  const std::string name = f.name();
  if (name != "aten::fill_" && name != "aten::copy_") return false;
  const auto inputs = f.inputs();
  return !inputs.empty() && inputs[0].isTensor() && inputs[0].toTensor().dim() == 0;
}

// Backward: the fused operator that made this node, which counts its kernels once.
bool belongs_to_fused(int64_t number) {
  auto next = ranges.upper_bound(number);
  if (number < 0 || next == ranges.begin()) return false;
  Range& range = std::prev(next)->second;
  if (uint64_t(number) >= range.end) return false;
  if (!range.seen) add(range.name + " (backward)", 0, FUSED.at(range.name).backward);
  return range.seen = true;
}

std::unique_ptr<at::ObserverContext> enter(const at::RecordFunction& f) {
  Frame frame;
  frame.name = f.name();
  frame.fused = !frames.empty() && frames.back().fused;
  if (f.scope() == at::RecordScope::BACKWARD_FUNCTION) {
    frame.fused = frame.fused || belongs_to_fused(f.seqNr());
  } else if (!frame.fused && FUSED.count(f.name())) {
    frame.fused = frame.opens = true;
    frame.first = at::sequence_number::peek();
    add(f.name(), 0, FUSED.at(f.name()).forward);
  }
  frame.scalar = is_of_scalar(f);
  frames.push_back(frame);
  return nullptr;
}

void leave(const at::RecordFunction& f, at::ObserverContext*) {
  const Frame frame = frames.back();
  frames.pop_back();
  const std::string& name = frame.name;
  if (!frames.empty() && frames.back().name == name) frames.back().calls_itself = true;
  if (frame.opens && at::sequence_number::peek() > frame.first) {
    ranges[frame.first] = {at::sequence_number::peek(), name, false};
  }
  if (f.scope() != at::RecordScope::FUNCTION || name.rfind("aten::", 0) != 0) return;
  if (name == "aten::_local_scalar_dense") add("read", 1, 1);
  if (!frame.calls_itself && !NO_KERNEL.count(name.substr(6))) add(name, 1, !frame.fused && !frame.scalar);
}

void write() {
  const char* path = std::getenv("LEAF_OPS");
  FILE* out = path ? std::fopen(path, "w") : stderr;
  if (!out) return;
  for (const auto& [name, count] : total.counts) {
    std::fprintf(out, "%s\t%ld\t%ld\n", name.c_str(), count.cpu, count.cuda);
  }
  std::fclose(out);
}

struct Start {
  Start() {
    at::addGlobalCallback(at::RecordFunctionCallback(enter, leave)
                              .needsInputs(true)
                              .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION}));
    std::atexit(write);
  }
} start;

}  // namespace
