#!/bin/sh
# install_packages.sh GROUP...: installs the Debian packages of these groups that are missing, and says which.
set -eu
wanted=
for group in "$@"; do
  case $group in
    demo) packages='zlib1g-dev libcli11-dev nlohmann-json3-dev' ;;
    test) packages='python3 libeigen3-dev libxtensor-dev doctest-dev zlib1g-dev libcli11-dev nlohmann-json3-dev' ;;
    golden) packages='python3 nlohmann-json3-dev' ;;
    bench) packages='zlib1g-dev libcli11-dev nlohmann-json3-dev libeigen3-dev libbenchmark-dev' ;;
    peers) packages='python3-torch libtorch-dev libeigen3-dev libopenblas-dev libdnnl-dev libxsmm-dev libdlib-dev libjemalloc2 pkg-config' ;;
    clang) packages='clang-19 libclang-rt-19-dev' ;;
    format) packages='clang-format-19 clang-tidy-19' ;;
    arm) packages='g++-aarch64-linux-gnu qemu-user' ;;
    *)
      echo "install_packages.sh: unknown group '$group' (demo test golden bench peers clang arm format)" >&2
      exit 2
      ;;
  esac
  wanted="$wanted $packages"
done

if ! command -v dpkg-query >/dev/null 2>&1; then
  echo "Not a Debian system: assuming that these, or what they are called here, are installed:$wanted"
  exit 0
fi
missing=
for package in $wanted; do
  case " $missing " in *" $package "*) continue ;; esac
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
  as_root=
elif command -v sudo >/dev/null 2>&1; then
  as_root='sudo'
else
  echo "Missing packages, and no way to become root. Install them with: apt-get install$missing" >&2
  exit 1
fi
echo "Installing:$missing"
# shellcheck disable=SC2086
if ! { $as_root apt-get update -qq &&
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } </dev/null; then
  echo "Could not install the packages. By hand: apt-get install$missing" >&2
  exit 1
fi
