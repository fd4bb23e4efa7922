#include <doctest/doctest.h>

#include <tectum/io/npy.hpp>

#include "support.hpp"

using namespace io_test;

namespace {

std::string npy(std::string_view dictionary, std::string_view data, int major = 1) {
  bytes out(std::string_view("\x93NUMPY", 6));
  out.little(static_cast<std::uint64_t>(major), 1).little(0, 1).little(dictionary.size(), major == 1 ? 2 : 4);
  return out.add(dictionary).add(data).text;
}

std::string dictionary(std::string_view descr, std::string_view fortran, std::string_view shape) {
  return "{'descr': '" + std::string(descr) + "', 'fortran_order': " + std::string(fortran) +
         ", 'shape': " + std::string(shape) + ", }\n";
}

template <class T>
tt::npy_array<T> read(std::string_view content) {
  return tt::read_npy<T>(file_of(content, "test.npy"));
}

}  // namespace

TEST_CASE("npy: what is written is read, for every type that can be written") {
  const std::string path = (folder() / "round.npy").string();
  const auto round = [&]<class T>(T) {
    const std::vector<T> data = {T{1}, T{2}, T{3}, T{4}, T{5}, T{6}};
    tt::write_npy<T>(path, data, std::vector<std::int64_t>{3, 2});
    CHECK((content_of(path).size() - sizeof(T) * 6) % 64 == 0);
    const auto back = tt::read_npy<T>(path);
    CHECK(back.data == data);
    CHECK(back.extents == std::vector<std::int64_t>{3, 2});
    CHECK(tt::npy_reader(path).type() == tt::stored_type_of<T>());
  };
  round(float{}), round(double{}), round(std::int8_t{}), round(std::uint8_t{}), round(std::int16_t{}),
      round(std::int32_t{});
  round(std::int64_t{}), round(std::uint64_t{});
  tt::write_npy<float>(path, std::vector<float>{7}, {});
  CHECK(tt::read_npy<float>(path).extents.empty());
  tt::write_npy<float>(path, std::vector<float>{7, 8}, std::vector<std::int64_t>{2});
  CHECK(tt::read_npy<double>(path).data == std::vector<double>{7, 8});
  CHECK_THROWS_AS(tt::write_npy<float>(path, std::vector<float>{7}, std::vector<std::int64_t>{2}), tt::file_error);
}

TEST_CASE("npy: versions 1 to 3, both byte orders, column-major order, bool, half") {
  const std::string data = bytes().little(1, 2).little(2, 2).little(3, 2).little(4, 2).little(5, 2).little(6, 2).text;
  for (const int major : {1, 2, 3})
    CHECK(read<int>(npy(dictionary("<i2", "False", "(2, 3)"), data, major)).data == std::vector<int>{1, 2, 3, 4, 5, 6});
  CHECK(read<int>(npy(dictionary("<i2", "True", "(2, 3)"), data)).data == std::vector<int>{1, 3, 5, 2, 4, 6});
  CHECK(read<int>(npy(dictionary("<i2", "True", "(1, 2, 3)"), data)).data == std::vector<int>{1, 3, 5, 2, 4, 6});
  CHECK(read<int>(npy(dictionary("<i2", "True", "(6,)"), data)).data == std::vector<int>{1, 2, 3, 4, 5, 6});
  CHECK(read<float>(npy(dictionary(">f4", "False", "(1,)"), bytes().big(0x3fc00000, 4).text)).data ==
        std::vector<float>{1.5f});
  CHECK(read<double>(npy(dictionary(">i8", "False", "()"), bytes().big(258, 8).text)).data == std::vector<double>{258});
  CHECK(read<int>(npy(dictionary("|b1", "False", "(2,)"), bytes().little(1, 1).little(0, 1).text)).data ==
        std::vector<int>{1, 0});
  CHECK(read<float>(npy(dictionary("<f2", "False", "(1,)"), bytes().little(0x3c00, 2).text)).data ==
        std::vector<float>{1});
  CHECK(read<float>(npy(dictionary("<f4", "False", "(0, 3)"), "")).data.empty());
  // Other spacing, other quotes, another order of the keys.
  CHECK(read<int>(npy(R"({"shape":(1,),"fortran_order":False,"descr":"|u1"})", "\x07")).data == std::vector<int>{7});
}

TEST_CASE("npy: a column-major array of three axes") {
  std::string data;
  for (char k = 0; k < 24; ++k) data += k;
  const auto a = read<int>(npy(dictionary("|u1", "True", "(2, 3, 4)"), data));
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      for (std::size_t k = 0; k < 4; ++k) CHECK(a.data[(i * 3 + j) * 4 + k] == static_cast<int>(i + 2 * j + 6 * k));
}

TEST_CASE("npy: a value that the target cannot hold is an error naming it") {
  const std::string data = bytes().little(1, 4).little(300, 4).text;
  CHECK_THROWS_WITH(read<std::uint8_t>(npy(dictionary("<i4", "False", "(2,)"), data)),
                    ((folder() / "test.npy").string() +
                     ": data, element 1: expected a value that fits uint8, given int32 that does not")
                        .c_str());
}
