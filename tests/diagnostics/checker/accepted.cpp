// expect: the wheel is round
#ifndef TECTUM_CORRECTED
static_assert(false, "the wheel is round");
#endif
