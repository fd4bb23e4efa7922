// expect: the wheel is round
#ifdef TECTUM_CORRECTED
#endif
