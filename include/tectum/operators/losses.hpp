// All losses.
#pragma once

#include <tectum/operators/losses/cross_entropy.hpp>
#include <tectum/operators/losses/mse.hpp>
