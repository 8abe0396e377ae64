/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/seal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/replace.h"
#include "queue/walk.h"

#define PATH 4096

struct corv_signer {
    EVP_PKEY *pair;
    uint8_t key[CORV_SEAL_KEY];
};

/* ---- the key and its files ---------------------------------------------------------------- */

static corv_rc key_fault(struct corv_fault *fault, const char *path, int error)
{
    return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_SETTINGS, "seal.key",
        "De sleutel voor het auditspoor %.150s is niet te lezen of te maken (fout %d).", path,
        error);
}

static EVP_PKEY *read_pair(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
    EVP_PKEY *pair = f ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;

    if (f)
        (void)fclose(f);
    else if (fd >= 0)
        (void)close(fd);
    if (pair && !EVP_PKEY_is_a(pair, "ED25519")) {
        EVP_PKEY_free(pair);
        pair = NULL;
    }
    return pair;
}

static corv_rc write_pem(
    const char *dir, const char *name, mode_t mode, EVP_PKEY *pair, bool private_half)
{
    BIO *out = BIO_new(BIO_s_secmem());
    char *text = NULL;
    long n = 0;
    corv_rc rc = CORV_E_NOMEM;

    if (out && (private_half ? PEM_write_bio_PKCS8PrivateKey(out, pair, NULL, NULL, 0, NULL, NULL)
                             : PEM_write_bio_PUBKEY(out, pair)) == 1)
        n = BIO_get_mem_data(out, &text);
    if (n > 0)
        rc = corv_file_replace(dir, name, corv_view_of(text, (size_t)n), mode);
    BIO_free(out);
    return rc;
}

/* A key that is there but unreadable is never replaced: seals made with it would become strange. */
static corv_rc open_pair(const char *dir, EVP_PKEY **out, struct corv_fault *fault)
{
    char path[PATH];

    (void)snprintf(path, sizeof path, "%s/%s", dir, CORV_SEAL_FILE);
    *out = read_pair(path);
    if (*out)
        return CORV_OK;
    if (access(path, F_OK) == 0 || errno != ENOENT)
        return key_fault(fault, path, errno);
    *out = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (!*out || write_pem(dir, CORV_SEAL_FILE, 0600, *out, true) != CORV_OK)
        return key_fault(fault, path, errno);
    return CORV_OK;
}

corv_rc corv_signer_open(const char *state_dir, struct corv_signer **out, struct corv_fault *fault)
{
    struct corv_signer *s = calloc(1, sizeof *s);
    size_t size = CORV_SEAL_KEY;
    char path[PATH];
    corv_rc rc;

    *out = NULL;
    if (!s)
        return CORV_FAIL(
            fault, CORV_E_NOMEM, CORV_FAULT_STORE, "store.memory", "Er is te weinig geheugen.");
    rc = open_pair(state_dir, &s->pair, fault);
    (void)snprintf(path, sizeof path, "%s/%s", state_dir, CORV_SEAL_PUBLIC);
    if (rc == CORV_OK && EVP_PKEY_get_raw_public_key(s->pair, s->key, &size) != 1)
        rc = key_fault(fault, path, 0);
    /* an existing one may hold other nodes' keys too: it is left as it is */
    if (rc == CORV_OK && access(path, F_OK) != 0 &&
        write_pem(state_dir, CORV_SEAL_PUBLIC, 0644, s->pair, false) != CORV_OK)
        rc = key_fault(fault, path, errno);
    if (rc != CORV_OK) {
        corv_signer_close(s);
        return rc;
    }
    *out = s;
    return CORV_OK;
}

corv_rc corv_signer_share(
    const struct corv_signer *s, const char *dir, const char *node, struct corv_fault *fault)
{
    char name[96];
    char path[PATH];

    (void)snprintf(name, sizeof name, "%s" CORV_SEAL_SHARED, node);
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return write_pem(dir, name, 0644, s->pair, false) == CORV_OK ? CORV_OK
                                                                 : key_fault(fault, path, errno);
}

static void add_keys(
    uint8_t (**keys)[CORV_SEAL_KEY], size_t *count, uint8_t (*more)[CORV_SEAL_KEY], size_t n)
{
    uint8_t(*all)[CORV_SEAL_KEY] = realloc(*keys, (*count + n + 1) * sizeof **keys);

    if (!all)
        return;
    memcpy(all + *count, more, n * sizeof *more);
    *keys = all;
    *count += n;
}

void corv_seal_read_shared(const char *dir, uint8_t (**keys)[CORV_SEAL_KEY], size_t *count)
{
    DIR *d = opendir(dir);
    char path[PATH];

    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        uint8_t(*found)[CORV_SEAL_KEY] = NULL;
        const char *end = strstr(e->d_name, CORV_SEAL_SHARED);
        size_t n = 0;

        if (!end || strcmp(end, CORV_SEAL_SHARED) != 0)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        if (corv_seal_read_public(path, &found, &n) == CORV_OK)
            add_keys(keys, count, found, n);
        free(found);
    }
    if (d)
        (void)closedir(d);
}

void corv_signer_close(struct corv_signer *s)
{
    if (!s)
        return;
    EVP_PKEY_free(s->pair);
    free(s);
}

corv_rc corv_seal_read_public(const char *path, uint8_t (**keys)[CORV_SEAL_KEY], size_t *count)
{
    FILE *f = fopen(path, "re");
    corv_rc rc = CORV_OK;
    EVP_PKEY *key = NULL;

    *keys = NULL;
    *count = 0;
    if (!f)
        return errno == ENOENT ? CORV_E_NOTFOUND : CORV_E_IO;
    while (rc == CORV_OK && (key = PEM_read_PUBKEY(f, NULL, NULL, NULL))) {
        uint8_t(*more)[CORV_SEAL_KEY] = realloc(*keys, (*count + 1) * sizeof **keys);
        size_t size = CORV_SEAL_KEY;

        if (more)
            *keys = more;
        if (!more)
            rc = CORV_E_NOMEM;
        else if (!EVP_PKEY_is_a(key, "ED25519") ||
                 EVP_PKEY_get_raw_public_key(key, (*keys)[*count], &size) != 1)
            rc = CORV_E_INVALID;
        else
            ++*count;
        EVP_PKEY_free(key);
    }
    (void)fclose(f);
    return rc == CORV_OK && *count == 0 ? CORV_E_INVALID : rc;
}

/* ---- one seal ----------------------------------------------------------------------------- */

static corv_rc said(const struct corv_seal *seal, struct corv_digest *out)
{
    char number[3][8];
    const int64_t numbers[] = {seal->chain, seal->seq, seal->at_us};

    for (int n = 0; n < 3; n++)
        for (int i = 0; i < 8; i++)
            number[n][i] = (char)(uint8_t)((uint64_t)numbers[n] >> (56 - 8 * i));

    const struct corv_view parts[] = {corv_view_str("corvd-audit-seal"), corv_view_of(number[0], 8),
        corv_view_of(number[1], 8), corv_view_of(seal->hash.b, sizeof seal->hash.b),
        corv_view_of(number[2], 8)};

    return corv_digest_fields(parts, sizeof parts / sizeof parts[0], out);
}

corv_rc corv_seal_sign(const struct corv_signer *s, struct corv_seal *seal)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    struct corv_digest digest;
    size_t size = sizeof seal->signature;
    corv_rc rc = CORV_E_NOMEM;

    memcpy(seal->key, s->key, sizeof seal->key);
    if (ctx && said(seal, &digest) == CORV_OK &&
        EVP_DigestSignInit(ctx, NULL, NULL, NULL, s->pair) == 1 &&
        EVP_DigestSign(ctx, seal->signature, &size, digest.b, sizeof digest.b) == 1)
        rc = CORV_OK;
    EVP_MD_CTX_free(ctx);
    return rc;
}

corv_rc corv_seal_check(const struct corv_seal *seal)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, seal->key, CORV_SEAL_KEY);
    struct corv_digest digest;
    corv_rc rc = CORV_E_NOMEM;

    if (!key)
        rc = CORV_E_INVALID;
    else if (ctx && said(seal, &digest) == CORV_OK &&
             EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1)
        rc = EVP_DigestVerify(
                 ctx, seal->signature, sizeof seal->signature, digest.b, sizeof digest.b) == 1
                 ? CORV_OK
                 : CORV_E_INVALID;
    EVP_PKEY_free(key);
    EVP_MD_CTX_free(ctx);
    return rc;
}

/* ---- sealing ------------------------------------------------------------------------------ */

static corv_rc store(struct corv_keeper *k, const struct corv_seal *seal, struct corv_fault *fault)
{
    struct corv_pg_params p = {0};

    corv_pg_add_int4(&p, seal->chain);
    corv_pg_add_int8(&p, seal->seq);
    corv_pg_add_time(&p, seal->at_us);
    corv_pg_add_view(&p, corv_view_of(seal->hash.b, sizeof seal->hash.b));
    corv_pg_add_view(&p, corv_view_of(seal->key, sizeof seal->key));
    corv_pg_add_view(&p, corv_view_of(seal->signature, sizeof seal->signature));
    return corv_keeper_run(k,
        "INSERT INTO audit_seal (chain, seq, at, hash, key, signature) VALUES ($1::integer,"
        " $2::bigint, $3::timestamptz, $4::bytea, $5::bytea, $6::bytea) ON CONFLICT DO NOTHING",
        &p, NULL, fault);
}

static corv_rc last_of(struct corv_keeper *k, const struct corv_signer *s, int32_t chain,
    struct corv_seal *out, struct corv_fault *fault)
{
    struct corv_pg_params p = {0};
    PGresult *r = NULL;
    corv_rc rc;

    *out = (struct corv_seal){.chain = chain};
    corv_pg_add_int4(&p, chain);
    corv_pg_add_view(&p, corv_view_of(s->key, sizeof s->key));
    rc = corv_keeper_run(k,
        "SELECT seq, hash, at, signature FROM audit_seal WHERE chain = $1::integer"
        " AND key = $2::bytea ORDER BY seq DESC LIMIT 1",
        &p, &r, fault);
    if (rc == CORV_OK && PQntuples(r) == 1 && corv_pg_view(r, 0, 1).n == sizeof out->hash.b &&
        corv_pg_view(r, 0, 3).n == sizeof out->signature) {
        out->seq = corv_pg_int(r, 0, 0);
        memcpy(out->hash.b, corv_pg_view(r, 0, 1).p, sizeof out->hash.b);
        out->at_us = corv_pg_time(r, 0, 2);
        memcpy(out->signature, corv_pg_view(r, 0, 3).p, sizeof out->signature);
        memcpy(out->key, s->key, sizeof out->key);
        if (corv_seal_check(out) != CORV_OK) /* put there by somebody: from the beginning then */
            *out = (struct corv_seal){.chain = chain};
    }
    PQclear(r);
    return rc;
}

static corv_rc sign_head(struct corv_keeper *k, const struct corv_signer *s,
    const struct corv_seal_head *head, int64_t now_us, struct corv_fault *fault)
{
    struct corv_seal seal = {
        .chain = head->chain, .seq = head->seq, .hash = head->hash, .at_us = now_us};

    if (corv_seal_sign(s, &seal) != CORV_OK)
        return CORV_FAIL(fault, CORV_E_INTERNAL, CORV_FAULT_BUG, "seal.sign",
            "Het auditspoor kon niet worden ondertekend.");
    return store(k, &seal, fault);
}

/* A shared chain: what came since our last seal must follow from it. */
static corv_rc seal_shared(struct corv_keeper *k, const struct corv_signer *s,
    const struct corv_seal_head *head, int64_t now_us, unsigned *sealed, struct corv_fault *fault)
{
    struct corv_seal last;
    struct corv_walk w;
    corv_rc rc = last_of(k, s, head->chain, &last, fault);

    if (rc != CORV_OK || head->seq == 0 || last.seq == head->seq)
        return rc;
    corv_walk_begin(&w, k->i, head->chain, last.seq, &last.hash);
    rc = last.seq < head->seq ? corv_walk_to(&w, head->seq, NULL, NULL, fault) : CORV_OK;
    if (rc != CORV_OK)
        return rc;
    if (w.broken_seq || w.seq != head->seq ||
        memcmp(w.previous.b, head->hash.b, sizeof head->hash.b) != 0)
        return CORV_FAIL(fault, CORV_E_STATE, CORV_FAULT_STORE, "audit.broken",
            "Keten %d van het auditspoor klopt niet na regel %" PRId64
            ". Voer 'corvctl audit verify' uit.",
            head->chain, last.seq);
    rc = sign_head(k, s, head, now_us, fault);
    *sealed += rc == CORV_OK;
    return rc;
}

static corv_rc seal_own(struct corv_keeper *k, const struct corv_signer *s,
    const struct corv_seal_head *own, int64_t now_us, unsigned *sealed, struct corv_fault *fault)
{
    struct corv_seal last;
    corv_rc rc = last_of(k, s, own->chain, &last, fault);

    if (rc != CORV_OK || own->seq == 0 || last.seq == own->seq)
        return rc;
    rc = sign_head(k, s, own, now_us, fault);
    *sealed += rc == CORV_OK;
    return rc;
}

static corv_rc seal_row(struct corv_keeper *k, const struct corv_signer *s, const PGresult *r,
    int row, int64_t now_us, struct corv_fence *fence, unsigned *sealed, struct corv_fault *fault)
{
    struct corv_seal_head head = {
        .chain = (int32_t)corv_pg_int(r, row, 0), .seq = corv_pg_int(r, row, 1)};
    struct corv_view hash = corv_pg_view(r, row, 2);
    char *name = corv_pg_text(r, row, 3);
    corv_rc rc;

    if (hash.n == sizeof head.hash.b)
        memcpy(head.hash.b, hash.p, hash.n);
    rc = seal_shared(k, s, &head, now_us, sealed, fault);
    if (rc == CORV_OK && name)
        corv_fence_set(fence, name, head.seq, &head.hash);
    free(name);
    return rc;
}

corv_rc corv_seal_heads(struct corv_keeper *k, const struct corv_signer *s,
    const struct corv_seal_head *own, int64_t now_us, struct corv_fence *fence, unsigned *sealed,
    struct corv_fault *fault)
{
    struct corv_pg_params p = {0};
    PGresult *r = NULL;
    corv_rc worst = CORV_OK;
    bool holds = false;
    corv_rc rc = corv_fence_holds(k, fence, &holds, fault);

    *sealed = 0;
    if (rc == CORV_OK && !holds)
        return CORV_FAIL(fault, CORV_E_STATE, CORV_FAULT_STORE, "fence.older",
            "De database is ouder dan wat state_dir weet. Start corvd opnieuw.");
    corv_pg_add_text(&p, own->chain ? "" : k->actor);
    if (rc == CORV_OK && own->chain)
        rc = seal_own(k, s, own, now_us, sealed, fault);
    if (rc == CORV_OK)
        rc = corv_keeper_run(k,
            "SELECT h.chain, h.seq, h.hash, c.name FROM audit_head h JOIN audit_chain c"
            " USING (chain) WHERE c.name IN ($1::text, 'operator', '" CORV_KEEPER_CHAIN "')"
            " ORDER BY 1",
            &p, &r, fault);
    for (int row = 0; rc == CORV_OK && row < PQntuples(r); row++) {
        rc = seal_row(k, s, r, row, now_us, fence, sealed, fault);
        if (rc == CORV_E_STATE) {
            worst = rc;
            rc = CORV_OK;
        }
    }
    PQclear(r);
    return rc != CORV_OK ? rc : worst;
}
