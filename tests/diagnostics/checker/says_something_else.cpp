// expect: wheels
#ifndef TECTUM_CORRECTED
static_assert(false, "the wing is flat");
#endif
