/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/base/random.h"

#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#define STOCK 256 /* getrandom gives so many without being interrupted */

static _Thread_local struct {
    size_t left; /* at the end of bytes */
    uint8_t bytes[STOCK];
} stock;

corv_rc corv_random(void *out, size_t n)
{
    uint8_t *next;

    if (n > STOCK)
        return CORV_E_LIMIT;
    if (n > stock.left) {
        if (getrandom(stock.bytes, STOCK, 0) != STOCK) {
            stock.left = 0;
            return CORV_E_IO;
        }
        stock.left = STOCK;
    }
    next = stock.bytes + STOCK - stock.left;
    memcpy(out, next, n);
    memset(next, 0, n);
    stock.left -= n;
    return CORV_OK;
}
