-- Made by tests/golden/accumulate.py: { rows, batch size, accumulated batches, epochs, rows of each step }.
return {
  { 24, 4, 2, 2, { 8, 8, 8, 8, 8, 8 } },
  { 24, 4, 4, 3, { 16, 8, 16, 8, 16, 8 } },
  { 24, 16, 2, 2, { 24, 24 } },
  { 24, 2, 5, 2, { 10, 10, 4, 10, 10, 4 } },
  { 24, 4, 7, 3, { 24, 24, 24 } },
  { 24, 4, 1, 1, { 4, 4, 4, 4, 4, 4 } },
  { 24, 3, 3, 1, { 9, 9, 6 } },
}
