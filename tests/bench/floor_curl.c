/* SPDX-License-Identifier: EUPL-1.2 */
/* The floor under a delivery: libcurl's multi interface posting one file over keep-alive mutual
 * TLS, PARALLEL at a time.
 *     corv-floor-curl URL CERT KEY CA FILE COUNT PARALLEL
 * Prints one line of JSON: seconds, microseconds of own CPU per message. Exits 1 when an answer was
 * not 200. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static char body[1 << 20];
static size_t body_n;
static unsigned long left, done, good;

static double clock_us(clockid_t id)
{
    struct timespec t;

    (void)clock_gettime(id, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): libcurl's type */
static size_t swallow(char *p, size_t size, size_t n, void *ctx)
{
    (void)p;
    (void)ctx;
    return size * n;
}

static CURL *handle(char **argv, struct curl_slist *headers)
{
    CURL *h = curl_easy_init();

    if (!h)
        exit(2);
    curl_easy_setopt(h, CURLOPT_URL, argv[1]);
    curl_easy_setopt(h, CURLOPT_SSLCERT, argv[2]);
    curl_easy_setopt(h, CURLOPT_SSLKEY, argv[3]);
    curl_easy_setopt(h, CURLOPT_CAINFO, argv[4]);
    curl_easy_setopt(h, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE, (long)body_n);
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, swallow);
    return h;
}

/* Every transfer that ended; its handle goes on with the next message. */
static void ended(CURLM *m)
{
    CURLMsg *msg;
    int queued;

    while ((msg = curl_multi_info_read(m, &queued))) {
        CURL *h = msg->easy_handle;
        long status = 0;

        if (msg->msg != CURLMSG_DONE)
            continue;
        done++;
        curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
        good += msg->data.result == CURLE_OK && status == 200;
        curl_multi_remove_handle(m, h);
        if (left > 0) {
            left--;
            curl_multi_add_handle(m, h);
        } else {
            curl_easy_cleanup(h);
        }
    }
}

int main(int argc, char **argv)
{
    struct curl_slist *headers;
    unsigned long count, parallel;
    int running;
    double began, cpu;
    FILE *f;
    CURLM *m;

    if (argc != 8 || !(f = fopen(argv[5], "rb"))) {
        (void)fprintf(stderr, "usage: corv-floor-curl URL CERT KEY CA FILE COUNT PARALLEL\n");
        return 2;
    }
    body_n = fread(body, 1, sizeof body, f);
    (void)fclose(f);
    count = left = strtoul(argv[6], NULL, 10);
    parallel = strtoul(argv[7], NULL, 10);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    m = curl_multi_init();
    headers = curl_slist_append(NULL, "Content-Type: application/xml");
    headers = curl_slist_append(headers, "Expect:");
    curl_multi_setopt(m, CURLMOPT_MAXCONNECTS, (long)parallel);
    began = clock_us(CLOCK_MONOTONIC);
    cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID);
    for (; parallel > 0 && left > 0; parallel--, left--)
        curl_multi_add_handle(m, handle(argv, headers));
    while (done < count) {
        if (curl_multi_perform(m, &running) != CURLM_OK)
            break;
        ended(m);
        if (done < count)
            curl_multi_poll(m, NULL, 0, 100, NULL);
    }
    printf("{\"count\":%lu,\"good\":%lu,\"seconds\":%.4f,\"own_us\":%.1f}\n", count, good,
        (clock_us(CLOCK_MONOTONIC) - began) / 1e6,
        (clock_us(CLOCK_PROCESS_CPUTIME_ID) - cpu) / (double)count);
    curl_slist_free_all(headers);
    curl_multi_cleanup(m);
    curl_global_cleanup();
    return good == count ? 0 : 1;
}
