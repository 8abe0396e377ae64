/* SPDX-License-Identifier: EUPL-1.2 */
/* The hour keys of the vault: files in a private folder and a small cache of them in memory that
 * is neither swapped nor dumped. Several processes may share the folder: whoever comes first
 * makes an hour's key, the others read it.
 * Not locked: the vault does that. Test: tests/unit/test_vault.c */
#ifndef CORV_QUEUE_VAULT_KEYS_H
#define CORV_QUEUE_VAULT_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/base/fault.h"

#define CORV_VAULT_KEY   32
#define CORV_VAULT_HOUSE 33 /* room for the identity of a folder: 32 hexadecimal digits */

struct corv_vault_key {
    uint8_t b[CORV_VAULT_KEY];
};
struct corv_vault_keys;

CORV_MUST_CHECK corv_rc corv_vault_keys_open(
    const char *dir, struct corv_vault_keys **out, struct corv_fault *fault);
void corv_vault_keys_close(struct corv_vault_keys *k); /* wipes; accepts NULL */
/* The identity of the folder, made with it: processes that share it read the same one. */
const char *corv_vault_keys_house(const struct corv_vault_keys *k);
/* The key to seal with: made when it is not there, safe on disk before it is given out. */
CORV_MUST_CHECK corv_rc corv_vault_keys_make(
    struct corv_vault_keys *k, uint32_t hour, struct corv_vault_key *out);
/* The key to open with. CORV_E_NOTFOUND: destroyed, also when another process did that. */
CORV_MUST_CHECK corv_rc corv_vault_keys_find(
    struct corv_vault_keys *k, uint32_t hour, struct corv_vault_key *out);
CORV_MUST_CHECK corv_rc corv_vault_keys_destroy(struct corv_vault_keys *k, uint32_t hour);
/* The hours that have a key file, oldest first. *out is the caller's (free). */
CORV_MUST_CHECK corv_rc corv_vault_keys_list(
    struct corv_vault_keys *k, uint32_t **out, size_t *count);

#endif
