#include "core/rules_literals.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* In a transition: a literal ends in the state that it leads to. */
#define HIT 0x80000000u

/* A literal that ends in a state. Those that end there as the tail of a longer one are chained. */
struct literals_end {
	uint32_t id;
	uint32_t len;
	uint32_t next; /* index of ends + 1, 0: no more */
};

/* While building, transitions are numbers of states; 0 is both the root and "none". */
struct builder {
	struct literals *lit;
	uint32_t *fail;  /* state -> state of its longest proper suffix */
	uint32_t *queue; /* states, breadth first */
	size_t n_states;
};

static uint32_t *
cell(const struct builder *b, uint32_t state, uint8_t class)
{
	return &b->lit->next[(size_t)state * b->lit->n_classes + class];
}

static void
number_classes(struct literals *lit, const struct literal *list, size_t n)
{
	lit->n_classes = 1;
	for (size_t i = 0; i < n; i++) {
		for (const char *p = list[i].text; *p; p++) {
			uint8_t *class = &lit->class_of[(unsigned char)*p];

			if (*class == 0)
				*class = (uint8_t)lit->n_classes++;
		}
	}
}

static void
add_literal(struct builder *b, const struct literal *literal, struct literals_end *end)
{
	uint32_t state = 0;

	for (const char *p = literal->text; *p; p++) {
		uint32_t *next = cell(b, state, b->lit->class_of[(unsigned char)*p]);

		if (*next == 0)
			*next = (uint32_t)b->n_states++;
		state = *next;
	}
	*end = (struct literals_end){ .id = literal->id,
		.len = (uint32_t)strlen(literal->text),
		.next = b->lit->first_end[state] };
	b->lit->first_end[state] = (uint32_t)(end - b->lit->ends) + 1;
}

/* Behind a state's own literals come those of its suffix. */
static void
chain_ends(struct literals *lit, uint32_t state, uint32_t suffix)
{
	uint32_t *link = &lit->first_end[state];

	while (*link != 0)
		link = &lit->ends[*link - 1].next;
	*link = lit->first_end[suffix];
}

/* Breadth first, so that a state's suffix, which is shorter, is complete before it. */
static void
complete(struct builder *b)
{
	size_t head = 0, tail = 0;

	b->queue[tail++] = 0;
	while (head < tail) {
		uint32_t state = b->queue[head++];

		for (size_t c = 0; c < b->lit->n_classes; c++) {
			uint32_t *next = cell(b, state, (uint8_t)c);
			uint32_t other = state == 0 ? 0 : *cell(b, b->fail[state], (uint8_t)c);

			if (*next == 0) {
				*next = other;
				continue;
			}
			b->fail[*next] = other;
			chain_ends(b->lit, *next, other);
			b->queue[tail++] = *next;
		}
	}
}

/* Numbers of states become offsets, so that a step is one addition and one look-up. */
static void
make_offsets(struct builder *b)
{
	size_t cells = b->n_states * b->lit->n_classes;

	for (size_t i = 0; i < cells; i++) {
		uint32_t state = b->lit->next[i];

		b->lit->next[i] =
		    (uint32_t)(state * b->lit->n_classes) | (b->lit->first_end[state] ? HIT : 0);
	}
}

static int
allocate(struct builder *b, size_t rows, size_t n)
{
	b->lit->next = calloc(rows * b->lit->n_classes, sizeof(*b->lit->next));
	b->lit->first_end = calloc(rows, sizeof(*b->lit->first_end));
	b->lit->ends = calloc(n + 1, sizeof(*b->lit->ends));
	b->fail = calloc(rows, sizeof(*b->fail));
	b->queue = calloc(rows, sizeof(*b->queue));
	return b->lit->next && b->lit->first_end && b->lit->ends && b->fail && b->queue ? 0
											: -ENOMEM;
}

int
literals_init(struct literals *literals, const struct literal *list, size_t n)
{
	struct builder b = { .lit = literals, .n_states = 1 };
	size_t rows = 1;

	*literals = (struct literals){ 0 };
	for (size_t i = 0; i < n; i++)
		rows += strlen(list[i].text);
	assert(rows <= LITERALS_BYTES_MAX + 1);
	number_classes(literals, list, n);
	int r = allocate(&b, rows, n);
	if (r == 0) {
		for (size_t i = 0; i < n; i++)
			add_literal(&b, &list[i], &literals->ends[i]);
		complete(&b);
		make_offsets(&b);
	} else {
		literals_release(literals);
	}
	free(b.fail);
	free(b.queue);
	return r;
}

void
literals_release(struct literals *literals)
{
	free(literals->next);
	free(literals->first_end);
	free(literals->ends);
	*literals = (struct literals){ 0 };
}

static void
report(const struct literals *literals, uint32_t state, size_t end,
    void (*found)(void *ctx, uint32_t id, size_t at), void *ctx)
{
	for (uint32_t i = literals->first_end[state]; i != 0; i = literals->ends[i - 1].next) {
		const struct literals_end *hit = &literals->ends[i - 1];

		found(ctx, hit->id, end - hit->len);
	}
}

void
literals_scan(const struct literals *literals, struct slice text,
    void (*found)(void *ctx, uint32_t id, size_t at), void *ctx)
{
	const uint32_t *next = literals->next;
	uint32_t at = 0;

	if (!next)
		return;
	for (size_t i = 0; i < text.len; i++) {
		at = next[at + literals->class_of[(unsigned char)text.data[i]]];
		if (__builtin_expect((at & HIT) != 0, 0)) {
			at &= ~HIT;
			report(literals, (uint32_t)(at / literals->n_classes), i + 1, found, ctx);
		}
	}
}
