/* SPDX-License-Identifier: EUPL-1.2 */
/* The built-in adapter "https": posts the bytes of a message, unchanged, to the party's address
 * over mutual TLS and reads the HTTP status as the outcome: 2xx                         DELIVERED
 * http.NNN 4xx except 408, 425, 429    REFUSED    http.NNN everything else             LATER
 * http.NNN, http.timeout, http.broken, connect.refused, connect.dns, connect.timeout,
 * tls.certificate, tls.handshake, tls.refused, https.… Headers: Content-Type of the message,
 * X-Corv-Message, X-Corv-Delivery (the same over attempts), X-Corv-Attempt, X-Corv-Kind, and
 * X-Corv-Repeat: true when it may have arrived before. Thread: loop thread. Test:
 * tests/unit/test_https_adapter.c */
#ifndef CORV_ADAPTERS_HTTPS_HTTPS_H
#define CORV_ADAPTERS_HTTPS_HTTPS_H

#include "adapters/corv_adapter.h"

const struct corv_adapter *corv_https_entry(uint32_t host_major, uint32_t host_minor);

#endif
