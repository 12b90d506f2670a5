# Debian packages: `make package`. Two, each whole by itself: ringwall-sbc and ringwall-phone, both with the tool
# `ringwall` (docs/decisions/0080). What is in them and what their scripts do: packaging/.
set(packaging ${CMAKE_SOURCE_DIR}/packaging)
set(manual_pages ${CMAKE_BINARY_DIR}/manual-pages)
foreach(page ringwall.1 ringwall-sbc.8 ringwall-phone.8)
    add_custom_command(OUTPUT ${manual_pages}/${page}.gz
        COMMAND ${CMAKE_COMMAND} -E make_directory ${manual_pages}
        COMMAND gzip -9nc ${packaging}/man/${page} > ${manual_pages}/${page}.gz
        DEPENDS ${packaging}/man/${page} VERBATIM)
    list(APPEND compressed ${manual_pages}/${page}.gz)
endforeach()
add_custom_target(manual-pages DEPENDS ${compressed})
# All that is packaged.
add_custom_target(packaged DEPENDS ringwall-sbc ringwall-phone ringwall manual-pages)

install(TARGETS ringwall-sbc DESTINATION /usr/sbin COMPONENT sbc)
install(TARGETS ringwall-phone DESTINATION /usr/bin COMPONENT phone)
foreach(component sbc phone)
    set(name ringwall-${component})
    install(TARGETS ringwall DESTINATION /usr/lib/${name} COMPONENT ${component})
    install(FILES ${manual_pages}/ringwall.1.gz DESTINATION /usr/lib/${name} COMPONENT ${component})
    install(FILES ${manual_pages}/${name}.8.gz DESTINATION /usr/share/man/man8 COMPONENT ${component})
    install(FILES ${packaging}/${component}/copyright DESTINATION /usr/share/doc/${name} COMPONENT ${component})
endforeach()
install(FILES docs/manual-sbc.md docs/configuration.md docs/operations.md docs/records.md
        docs/call-record.schema.json docs/rfc5630.md docs/rfc5922.md docs/flows.md
        DESTINATION /usr/share/doc/ringwall-sbc COMPONENT sbc)
install(FILES lab/ringwall.console DESTINATION /usr/share/doc/ringwall-sbc/examples COMPONENT sbc)
install(FILES docs/phone.md docs/phone-parameters.md docs/phone-control.json
        DESTINATION /usr/share/doc/ringwall-phone COMPONENT phone)
install(FILES ${packaging}/ringwall-sbc.service DESTINATION /lib/systemd/system COMPONENT sbc)
install(FILES ${packaging}/ringwall-phone@.service DESTINATION /lib/systemd/system COMPONENT phone)
install(FILES ${packaging}/ringwall-sbc.default DESTINATION /etc/default RENAME ringwall-sbc COMPONENT sbc)
install(FILES ${packaging}/ringwall-sbc.logrotate DESTINATION /etc/logrotate.d RENAME ringwall-sbc COMPONENT sbc)
install(DIRECTORY DESTINATION /etc/ringwall COMPONENT sbc)

set(CPACK_GENERATOR DEB)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
# Ours only, and all of the one project: `all` would build the tests.
set(CPACK_COMPONENTS_ALL sbc phone)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_PACKAGE_NAME ringwall)
set(CPACK_PACKAGE_CONTACT "Ringwall <root@localhost>")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
foreach(component sbc phone)
    string(TOUPPER ${component} upper)
    set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ringwall-${component})
    # To be merged with the libraries that dpkg-shlibdeps finds.
    set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS adduser)
    file(GLOB control ${packaging}/${component}/*)
    list(FILTER control EXCLUDE REGEX "/copyright$")
    set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA ${control})
endforeach()
set(CPACK_DEBIAN_SBC_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PHONE_PACKAGE_SECTION comm)
set(CPACK_DEBIAN_SBC_PACKAGE_SUGGESTS rtpengine-daemon)
# What is said of it: a line, and after it what more there is.
set(CPACK_COMPONENT_SBC_DESCRIPTION "session border controller for secure SIP
Ends every connection between phones that speak SIP over TLS and the networks
that do not, decides for every call whether its security allows it, and says
why when it refuses. With its console, 'ringwall console'.")
set(CPACK_COMPONENT_PHONE_DESCRIPTION "headless phone for secure SIP
Lines over UDP, TCP or TLS with a client certificate, SRTP, and challenges of
incoming calls; told what to do by 'ringwall phone' or JSON over HTTP.")
include(CPack)
