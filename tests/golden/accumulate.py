"""The rows of each optimizer step of the Trainer of transformers, for tests/lua/trainer/accumulate_test.lua.

    pip install transformers==5.23.0 accelerate==1.15.0
    python -P tests/golden/accumulate.py > tests/lua/trainer/accumulated.lua
"""

import tempfile

import torch
from transformers import PrinterCallback, Trainer, TrainingArguments

CASES = [  # rows, batch size, accumulated batches, epochs
    (24, 4, 2, 2), (24, 4, 4, 3), (24, 16, 2, 2), (24, 2, 5, 2), (24, 4, 7, 3), (24, 4, 1, 1), (24, 3, 3, 1),
]


class Counted(torch.nn.Module):
    """Records the rows of its batches."""

    def __init__(self):
        super().__init__()
        self.weight, self.rows = torch.nn.Parameter(torch.ones(1)), 0

    def forward(self, x):
        self.rows += len(x)
        return {"loss": (self.weight * x).mean()}


def rows_of_steps(rows, batch_size, accumulate, epochs):
    model, steps = Counted(), []

    class Recorded(torch.optim.SGD):
        def step(self, closure=None):
            steps.append(model.rows)
            model.rows = 0

    with tempfile.TemporaryDirectory() as folder:
        options = TrainingArguments(
            output_dir=folder, per_device_train_batch_size=batch_size, gradient_accumulation_steps=accumulate,
            num_train_epochs=epochs, use_cpu=True, report_to=[], save_strategy="no", logging_strategy="no",
            disable_tqdm=True)
        data = [{"x": float(i)} for i in range(rows)]
        optimizer = Recorded(model.parameters(), lr=0.1)
        trainer = Trainer(model, options, train_dataset=data, optimizers=(optimizer, None))
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    return steps


print("-- Made by tests/golden/accumulate.py: { rows, batch size, accumulated batches, epochs, rows of each step }.")
print("return {")
for case in CASES:
    steps = ", ".join(map(str, rows_of_steps(*case)))
    print(f"  {{ {', '.join(map(str, case))}, {{ {steps} }} }},")
print("}")
