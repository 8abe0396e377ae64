# SPDX-License-Identifier: EUPL-1.2
# cmake --install BUILD: what a distribution's package and an install by hand both get.
include(GNUInstallDirs)
configure_file(dist/corv-adapter.pc.in corv-adapter.pc @ONLY)

install(TARGETS corvd DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS corvctl corv-adapter-test DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES adapters/corv_adapter.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/corvd)
install(FILES ${CMAKE_BINARY_DIR}/corv-adapter.pc
    DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/pkgconfig)
install(DIRECTORY DESTINATION lib/corvd/plugins)
install(PROGRAMS dist/make-first-certificate DESTINATION lib/corvd)
install(TARGETS corv-adapter-run DESTINATION lib/corvd)
install(FILES dist/corvd.service dist/corvd.socket dist/corvd-admin.socket
    DESTINATION lib/systemd/system)
install(FILES dist/corvd.sysusers DESTINATION lib/sysusers.d RENAME corvd.conf)
install(FILES dist/corvd.tmpfiles DESTINATION lib/tmpfiles.d RENAME corvd.conf)
install(FILES docs/man/corvctl.1 docs/man/corv-adapter-test.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES docs/man/corvd.yaml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES docs/man/corv-adapter.7 DESTINATION ${CMAKE_INSTALL_MANDIR}/man7)
install(FILES docs/man/corvd.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES dist/corvctl.bash RENAME corvctl
    DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/bash-completion/completions)
install(FILES config/corvd.yaml.example DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(FILES dist/prometheus/corvd.rules.yml
    DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples/prometheus)
install(FILES dist/grafana/corvd.json DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples/grafana)
# The manual goes along, laid out as in the source so that its links lead somewhere.
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs FILES_MATCHING
    PATTERN "*.md" PATTERN "*.wsdl" PATTERN "audit_verify.py" PATTERN man EXCLUDE)
install(FILES README.md CHANGES.md SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES adapters/template/template.c adapters/template/Makefile docs/adapter-guide.md
    DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/corvd-dev/examples)
# The chain test is a program for testers: a component of its own (cmake --install BUILD --component
# partner), which no production machine needs.
set(PARTNER COMPONENT partner EXCLUDE_FROM_ALL)
install(TARGETS corv-partner DESTINATION ${CMAKE_INSTALL_BINDIR} ${PARTNER})
install(PROGRAMS tests/support/pki.sh DESTINATION lib/corv-partner RENAME make-test-certificates ${PARTNER})
install(FILES docs/man/corv-partner.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 ${PARTNER})
install(FILES dist/corv-partner.bash RENAME corv-partner
    DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/bash-completion/completions ${PARTNER})
install(FILES docs/ketentest.md DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/corv-partner ${PARTNER})
# Never over the operator's own file; a package makes it a conffile.
install(FILES dist/corvd.yaml DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/corvd)
