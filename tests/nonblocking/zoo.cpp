// A network of nearly every operator, called by a function that may not block: clang 20 and newer refuse to compile it if
// anything on the way allocates, locks or throws. Compiled only.
#include "../model/zoo.hpp"

float first_guess(const tectum::model<zoo::network>& m, tectum::workspace<zoo::network>& w,
                  const zoo::batch& x) TECTUM_NONBLOCKING {
  return m(w, zoo::guess, zoo::image = x.image, zoo::words = tectum::padded(x.words, x.lengths),
           zoo::sound = tectum::optional(x.sound, x.sounding), zoo::table = x.table)(0, 0);
}
