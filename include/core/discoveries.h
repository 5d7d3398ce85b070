/*
 * discoveries: who asked what switches to be discovered, and what they told (core). Names go in, tasks and then JSON come out.
 *
 * A discovery belongs to whoever began it and fetches its results, a few at a time; fetching on is what keeps it alive. Results
 * that nobody fetches hold it up instead of piling up.
 */
#ifndef DPWATCH_CORE_DISCOVERIES_H
#define DPWATCH_CORE_DISCOVERIES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* So many may be there at a time. */
#define DISCOVERIES_MAX 4
/* Of one, so many switches may be asked, or have told what was not fetched yet. */
#define DISCOVERY_AHEAD_MAX 32
/* A discovery whose results were not fetched for so long is dropped. */
#define DISCOVERY_PATIENCE_NS INT64_C(60000000000)
/* An answer is complete once it has so many interfaces and neighbours. */
#define DISCOVERY_PAGE_ROWS 2000

struct discoveries;

struct discoveries *discoveries_new(void); /* NULL: out of memory */
void discoveries_free(struct discoveries *discoveries);

/*
 * Begins one of these switches, an array of names, which is consumed. Its number, or 0 where there are DISCOVERIES_MAX
 * already.
 */
uint64_t discoveries_begin(struct discoveries *discoveries, json_t *taken_names, int64_t now_ns);

/*
 * The next switch to be asked, of each discovery in turn; it is under way from now on, until discoveries_done(). The name is
 * borrowed until then, or until its discovery ends. False: none, for now.
 */
bool discoveries_next(struct discoveries *discoveries, uint64_t *ret_number, const char **ret_name);

/* What became of it: an object, which is consumed. Nothing happens where nobody waits for it any more. */
void discoveries_done(struct discoveries *discoveries, uint64_t number, json_t *taken_result);

/*
 * The results behind the `after`-th, a page of them; those up to it are dropped, so that the same page can be fetched again
 * until the next one is. A new reference to {"id", "switches", "done", "results", "last": the number of the page's last
 * result, "finished": nothing comes after this page}; NULL: there is no such discovery.
 */
json_t *discoveries_fetch(
    struct discoveries *discoveries, uint64_t number, uint64_t after, int64_t now_ns);

/* False: there is none. */
bool discoveries_end(struct discoveries *discoveries, uint64_t number);

/* Drops those whose patience is over. True while any is left: call it again some seconds later. */
bool discoveries_expire(struct discoveries *discoveries, int64_t now_ns);

#endif
