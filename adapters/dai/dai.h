/* SPDX-License-Identifier: EUPL-1.2 */
/* The built-in adapter "dai": the VNG standard "Digikoppeling adapter intern" 1.0 between corvd and
 * an application or service bus (arrows 5 and 6), and the plain SOAP binding of StUF
 * (OntvangAsynchroon). In: SOAP 1.1 or a bare message over HTTP(S), answered with Bv04 after COMMIT
 * or a fault with Fo03. Out: a POST that Bv03 or Bv04 confirms. The message itself is handed on
 * byte for byte. Mapping and settings: docs/adapters/dai.md; WSDL: docs/dai.wsdl. Thread: loop
 * thread. Test: tests/unit/test_dai_read.c, tests/path/test_a08_dai.py */
#ifndef CORV_ADAPTERS_DAI_DAI_H
#define CORV_ADAPTERS_DAI_DAI_H

#include "adapters/corv_adapter.h"

const struct corv_adapter *corv_dai_entry(uint32_t host_major, uint32_t host_minor);

#endif
