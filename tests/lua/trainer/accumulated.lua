-- Made by tests/golden/accumulate.py: { rows, batch size, accumulated batches, epochs, rows of each step }.
return {
  { 24, 4, 2, 2, { 8, 8, 8, 8, 8, 8 } },
  { 24, 4, 4, 3, { 16, 8, 16, 8, 16, 8 } },
  { 24, 16, 2, 2, { 24, 24 } },
  { 24, 5, 3, 2, { 15, 9, 15, 9 } },
  { 24, 4, 7, 3, { 24, 24, 24 } },
  { 24, 4, 1, 1, { 4, 4, 4, 4, 4, 4 } },
  { 24, 7, 2, 1, { 14, 10 } },
}
