/* SPDX-License-Identifier: EUPL-1.2 */
/* Any bytes as corvd.yaml: an answer within the ceilings, and what is accepted keeps its promises.
 * Seeds: config/corvd.yaml.example and tests/support/flevoland.yaml.in. The files that the example
 * names exist in a folder of our own, so that a good configuration can be reached. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/parties.h"

static char folder[] = "/tmp/corv-fuzz-config-XXXXXX";
static const char *const names[] = {"tls/corvd.pem", "tls/corvd.key", "tls/clients-ca.pem",
    "tls/clients-crl.pem", "tls/corvd-client.pem", "tls/corvd-client.key", "tls/partners-ca.pem"};

static void path_of(const char *name, char out[128])
{
    (void)snprintf(out, 128, "%s/%s", folder, name);
}

static void clean_up(void)
{
    char path[128];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        path_of(names[i], path);
        (void)unlink(path);
    }
    path_of("tls", path);
    (void)rmdir(path);
    (void)rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char path[128];

    (void)argc;
    (void)argv;
    if (!mkdtemp(folder) || atexit(clean_up) != 0)
        abort();
    path_of("tls", path);
    if (mkdir(path, 0700) != 0)
        abort();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        path_of(names[i], path);
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        if (fd < 0 || close(fd) != 0)
            abort();
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct corv_config *c = NULL;
    struct corv_findings f;
    char path[128];

    path_of("corvd.yaml", path);
    corv_findings_init(&f);
    corv_rc rc = corv_config_read(path, corv_view_of(data, size), &c, &f);

    if ((rc == CORV_OK) != (c != NULL) || (rc == CORV_OK) != (f.errors == 0))
        abort(); /* never a yes with an error, never a no without a reason */
    for (unsigned i = 0; c && i < c->parties_count; i++)
        if (corv_party_by_id(c, c->parties[i].id) != &c->parties[i] ||
            !corv_party_by_oin_ever(c, corv_view_str(c->parties[i].oin)))
            abort();
    corv_config_free(c);
    corv_findings_free(&f);
    return 0;
}
