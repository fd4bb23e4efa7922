// Everything but the adapters to tensor libraries (eigen.hpp, xtensor.hpp), files (io/) and training (training/).
#pragma once

// Errors come from these three: included from here, they are told with few lines.
#include <tectum/architecture/fragment.hpp>

#include <tectum/architecture/architecture.hpp>
#include <tectum/fwd.hpp>
#include <tectum/model/call.hpp>
#include <tectum/model/model.hpp>
#include <tectum/operators/attention.hpp>
#include <tectum/operators/encoders/encoder.hpp>
#include <tectum/operators/fusion.hpp>
#include <tectum/operators/layers.hpp>
#include <tectum/operators/losses.hpp>
