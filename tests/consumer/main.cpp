// What a user's first program needs from the package. Built three ways by the projects beside this file.
#include <cstdio>
#include <tectum/config.hpp>

int main() {
  std::printf("tectum %d.%d.%d\n", TECTUM_VERSION_MAJOR, TECTUM_VERSION_MINOR, TECTUM_VERSION_PATCH);
  return 0;
}
