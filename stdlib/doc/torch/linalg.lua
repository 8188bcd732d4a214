section "Tensors: linear algebra"

class "torch.linalg" [[
Decompositions and norms of matrices [..., n, m], as in PyTorch.
]]

fn "torch.linalg.svd(A: torch.Tensor, full_matrices?: boolean = true): torch.Tensor, torch.Tensor, torch.Tensor" [[
The singular value decomposition A = U diag(S) Vh: U [..., n, n], S [..., k] in descending order and Vh [..., m, m] with
k = min(n, m); [..., n, k] and [..., k, m] if not `full_matrices`.
> torch.linalg.svd(torch.randn(4, 3), { full_matrices = false })
]]

fn "torch.linalg.svdvals(A: torch.Tensor): torch.Tensor" [[
The singular values in descending order, [..., min(n, m)].
> torch.linalg.svdvals(torch.randn(4, 3))
]]

fn 'torch.linalg.qr(A: torch.Tensor, mode?: "reduced"|"complete"|"r" = "reduced"): torch.Tensor, torch.Tensor' [[
The decomposition A = Q R with orthonormal columns in Q and an upper triangle R.
- mode -- "reduced": Q [..., n, k] with k = min(n, m); "complete": Q [..., n, n]; "r": R only, Q is empty
> torch.linalg.qr(torch.randn(4, 3))
]]

fn 'torch.linalg.eigh(A: torch.Tensor, UPLO?: "L"|"U" = "L"): torch.Tensor, torch.Tensor' [[
Eigenvalues in ascending order [..., n] and eigenvectors in columns [..., n, n] of symmetric matrices.
- UPLO -- the triangle that is read, lower or upper
> torch.linalg.eigh(torch.eye(3))
]]

fn 'torch.linalg.eigvalsh(A: torch.Tensor, UPLO?: "L"|"U" = "L"): torch.Tensor' [[
Eigenvalues of symmetric matrices in ascending order, [..., n].
- UPLO -- the triangle that is read, lower or upper
> torch.linalg.eigvalsh(torch.eye(3))
]]

fn "torch.linalg.solve(A: torch.Tensor, B: torch.Tensor, *, left?: boolean = true): torch.Tensor" [[
The solution X of A X = B, or of X A = B if not `left`. Raises an error if A is singular.
> torch.linalg.solve(torch.eye(3), torch.randn(3, 2))
]]

fn "torch.linalg.inv(A: torch.Tensor): torch.Tensor" [[
The inverse of square matrices. Raises an error if a matrix is singular.
> torch.linalg.inv(torch.eye(3))
]]

fn "torch.linalg.pinv(A: torch.Tensor, *, atol?: torch.Number, rtol?: torch.Number, hermitian?: boolean = false): torch.Tensor" [[
The Moore-Penrose pseudo-inverse, [..., m, n].
- atol -- singular values up to max(atol, rtol * the largest) count as 0
- rtol -- default: max(n, m) times the precision of the dtype, if `atol` is not given
- hermitian -- the matrices are symmetric
- rcond -- the older name of `rtol`
~ torch.linalg.pinv(A: torch.Tensor, rcond: torch.Number, hermitian?: boolean = false): torch.Tensor
> torch.linalg.pinv(torch.randn(4, 3))
]]

fn "torch.linalg.det(A: torch.Tensor): torch.Tensor" [[
The determinant, [...].
> torch.linalg.det(torch.eye(3))
]]

fn "torch.linalg.cholesky(A: torch.Tensor, *, upper?: boolean = false): torch.Tensor" [[
The lower triangle L with A = L L^T of positive definite matrices.
- upper -- return L^T
> torch.linalg.cholesky(torch.eye(3))
]]

fn "torch.linalg.norm(A: torch.Tensor, ord?: number|string, dim?: integer|integer[], keepdim?: boolean = false, *, dtype?: torch.dtype): torch.Tensor" [[
The norm of all elements, of vectors along one dimension, or of matrices along two.
- ord -- p of vectors (2); of matrices "fro" (the default), "nuc", 1, -1, 2, -2, math.huge or -math.huge
> torch.linalg.norm(torch.randn(4, 3), 2, 1)
]]
