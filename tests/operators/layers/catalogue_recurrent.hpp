// Recurrent layers.
#pragma once

#include <tectum/operators/layers/gru.hpp>
#include <tectum/operators/layers/lstm.hpp>
#include <tectum/operators/layers/rnn.hpp>

#include "../catalogue.hpp"

namespace catalogue {

// Options of a draw, and the inputs that go with them.
struct recurrent_draw {
  int hidden, layers;
  bool bidirectional, bias, relu;

  // At most 32 parameters: an operator may have 36.
  explicit recurrent_draw(dice& d)
      : hidden(d.width()),
        layers(d.coin() ? 1 : d.size(2, 4, 1)),
        bidirectional(d.coin()),
        bias(d.coin()),
        relu(d.coin()) {}

  // A sequence, and in every second draw `states` initial states; only one kind of input may be absent.
  std::vector<tt::shape> inputs(dice& d, int states) const {
    const bool given = d.coin(), all_there = d.coin();
    std::vector<tt::shape> all{d.sequence(given && !all_there ? may_be::padded : may_be::both)};
    for (int k = 0; given && k < states; ++k)
      all.push_back(d.sequence(all_there ? may_be::whole : may_be::absent, layers * (bidirectional ? 2 : 1), hidden));
    return all;
  }
  std::vector<tt::shape> cell_inputs(dice& d, int states) const {
    const bool all_there = d.coin();
    std::vector<tt::shape> all{d.features(all_there ? may_be::absent : may_be::whole)};
    for (int k = 0; k < states; ++k) all.push_back(d.features(all_there ? may_be::whole : may_be::absent, hidden));
    return all;
  }
};

template <class Visit>
void recurrent(Visit&& visit) {
  visit([](dice& d) {
    const recurrent_draw r(d);
    return drawn(tt::gru{r.hidden, r.layers, r.bidirectional, r.bias}, {d.sequence(may_be::both)});
  });
  visit([](dice& d) {
    const recurrent_draw r(d);
    return drawn(tt::gru_with_states{r.hidden, r.layers, r.bidirectional, r.bias}, r.inputs(d, 1));
  });
  visit([](dice& d) {
    const recurrent_draw r(d);
    return drawn(tt::gru_cell{r.hidden, r.bias}, r.cell_inputs(d, 1));
  });
  visit([](dice& d) {
    const recurrent_draw r(d);
    return drawn(tt::lstm{r.hidden, r.layers, r.bidirectional, r.bias}, {d.sequence(may_be::both)});
  });
  visit([](dice& d) {
    const recurrent_draw r(d);
    return drawn(tt::lstm_with_states{r.hidden, r.layers, r.bidirectional, r.bias}, r.inputs(d, 2));
  });
  visit([](dice& d) {
    const recurrent_draw r(d);
    return drawn(tt::lstm_cell{r.hidden, r.bias}, r.cell_inputs(d, 2));
  });
  visit([](dice& d) {
    const recurrent_draw r(d);
    return drawn(tt::rnn{r.hidden, r.layers, r.bidirectional, r.bias, r.relu}, {d.sequence(may_be::both)});
  });
  visit([](dice& d) {
    const recurrent_draw r(d);
    return drawn(tt::rnn_with_states{r.hidden, r.layers, r.bidirectional, r.bias, r.relu}, r.inputs(d, 1));
  });
  visit([](dice& d) {
    const recurrent_draw r(d);
    return drawn(tt::rnn_cell{r.hidden, r.bias, r.relu}, r.cell_inputs(d, 1));
  });
}

}  // namespace catalogue
