// All losses.
#pragma once

#include <tectum/operators/losses/cross_entropy.hpp>
#include <tectum/operators/losses/huber.hpp>
#include <tectum/operators/losses/l1.hpp>
#include <tectum/operators/losses/mse.hpp>
