# Install rules: headers, and a package for find_package(tectum 0.1 COMPONENTS eigen xtensor io).
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(tectum_package_dir "${CMAKE_INSTALL_DATADIR}/cmake/tectum")
# One export set a component: the package defines only those targets whose dependencies it was asked to find.
install(TARGETS tectum EXPORT tectum FILE_SET HEADERS)
install(EXPORT tectum NAMESPACE tectum:: FILE tectum-targets.cmake DESTINATION "${tectum_package_dir}")
foreach(component IN ITEMS eigen xtensor io)
  install(TARGETS tectum_${component} EXPORT tectum-${component} FILE_SET HEADERS)
  install(
    EXPORT tectum-${component}
    NAMESPACE tectum::
    FILE tectum-${component}-targets.cmake
    DESTINATION "${tectum_package_dir}")
endforeach()

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/tectum-config.cmake.in" tectum-config.cmake
                              INSTALL_DESTINATION "${tectum_package_dir}")
write_basic_package_version_file(tectum-config-version.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES "${PROJECT_BINARY_DIR}/tectum-config.cmake" "${PROJECT_BINARY_DIR}/tectum-config-version.cmake"
        DESTINATION "${tectum_package_dir}")
