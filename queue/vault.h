/* SPDX-License-Identifier: EUPL-1.2 */
/* Payloads at rest: AES-256-GCM with a key per message, wrapped (AES-256-GCM) by a key per hour
 * that lives in a folder outside the database, WAL and backups. Destroying an hour's key destroys
 * every copy of that hour's payloads (promise 6; Regeling art. 4.1).
 * Sealed form: head | nonce 12 | wrapped key 32 | tag 16 | nonce 12 | ciphertext | tag 16. The
 * message id is authenticated data of both. The head is
 *   "CV1" | hour (4 bytes, hours since 1970, big endian), or, of content that was packed (an LZ4
 *   block) before it was encrypted,
 *   "CV2" | hour | size of the content (4 bytes, big endian); this head is authenticated as well.
 * XML of a few kilobytes becomes half of it: so much less goes to the table, the WAL, the standby
 * and the backup. The size of the sealed form says a little about the content, beside message.size.
 * Threads: seal, open, hours and destroy_hour from any thread; open and close of the vault itself
 * before and after the others run.
 * Test: tests/unit/test_vault.c */
#ifndef CORV_QUEUE_VAULT_H
#define CORV_QUEUE_VAULT_H

#include "daemon/base/buf.h"
#include "daemon/base/fault.h"
#include "daemon/base/id.h"

struct corv_vault;

/* dir is made (0700) when absent; key files are YYYYMMDDHH.key (UTC), 0600, written with fsync of
 * file and folder before first use. */
CORV_MUST_CHECK corv_rc corv_vault_open(
    const char *dir, struct corv_vault **out, struct corv_fault *fault);
void corv_vault_close(struct corv_vault *v); /* wipes keys; accepts NULL */
/* Which folder this is, wherever it is mounted (the file "house" in it); for queue/node.h. */
const char *corv_vault_house(const struct corv_vault *v);
/* *out is owned by the caller (free()). CORV_E_IO: no key could be made or kept (disk full). */
CORV_MUST_CHECK corv_rc corv_vault_seal(struct corv_vault *v, const struct corv_id *id,
    struct corv_view plain, char **out, size_t *size);
/* CORV_E_NOTFOUND: the hour's key has been destroyed. CORV_E_INVALID: changed or not ours. */
CORV_MUST_CHECK corv_rc corv_vault_open_sealed(struct corv_vault *v, const struct corv_id *id,
    struct corv_view sealed, char **out, size_t *size);
/* The same in the place of the text itself, for what is too large to have twice. *p (malloc'ed,
 * owned by the caller before and after, possibly moved) becomes the other form, *size its size. On
 * failure neither form is there any more, except that after CORV_E_NOTFOUND *p is still sealed. */
CORV_MUST_CHECK corv_rc corv_vault_seal_own(
    struct corv_vault *v, const struct corv_id *id, char **p, size_t *size);
CORV_MUST_CHECK corv_rc corv_vault_open_own(
    struct corv_vault *v, const struct corv_id *id, char **p, size_t *size);
/* Overwrites and unlinks the key of that hour and forgets it. CORV_E_STATE: that hour is not over
 * yet. Another process that shares the folder notices at its next open. */
CORV_MUST_CHECK corv_rc corv_vault_destroy_hour(struct corv_vault *v, uint32_t hour);
/* The hours that have a key, oldest first. *out is the caller's (free()). */
CORV_MUST_CHECK corv_rc corv_vault_hours(struct corv_vault *v, uint32_t **out, size_t *count);
uint32_t corv_vault_hour_of(struct corv_view sealed); /* 0 when not a sealed payload */
/* The bytes it will take when opened, as its head says; 0 when not a sealed payload. */
size_t corv_vault_size_of(struct corv_view sealed);

#endif
