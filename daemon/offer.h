/* SPDX-License-Identifier: EUPL-1.2 */
/* Takes what adapters offer: a folder, an application behind SOAP, whatever comes. The same way in
 * as a request of the intake from examine.c on; the answer goes back to the adapter after COMMIT.
 * Loop thread only. Test: tests/unit/test_host_inbound.c, tests/path/test_a07_dropdir.py */
#ifndef CORV_DAEMON_OFFER_H
#define CORV_DAEMON_OFFER_H

#include "daemon/app.h"

/* From now on; app->hosts is there. */
void corv_offer_start(struct corv_app *app);

#endif
