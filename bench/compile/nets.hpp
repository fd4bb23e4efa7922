// The programs whose compile time is measured.
#pragma once

#include <string>
#include <vector>

struct program {
  std::string name;
  std::string needs;   // a header below include/ without which the case is left out
  std::string source;  // a whole translation unit
};

// Headers alone, chains of 16, 64 and 256 operators, 2, 4 and 8 modalities of 8 layers with training, and a network
// like MulT: three modalities, a cross-attention transformer of four layers for every ordered pair.
std::vector<program> programs();
