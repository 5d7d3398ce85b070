/*
 * topo_rows: arrays that grow without moving what is in them, and a pool of texts (core; private to topo*.c).
 *
 * Rows stand in chunks of 4096, so that no addition copies what is there, nothing is allocated twice over, and a pointer to
 * a row stays good until rows_trim(). A snapshot of a million ports is some 500 allocations.
 */
#ifndef DPWATCH_CORE_TOPO_ROWS_H
#define DPWATCH_CORE_TOPO_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/slice.h"

#define ROWS_SHIFT 12
#define ROWS_PER_CHUNK (1u << ROWS_SHIFT)
/* More of one kind are refused as if memory were out; no map is near it. */
#define ROWS_MAX (1u << 28)

/* Fields are private. */
struct rows {
	char **chunks;
	uint32_t n;        /* rows in use */
	uint32_t n_chunks; /* allocated ones */
	uint32_t row_size;
	uint32_t last_rows; /* room in the last chunk; the others are full-sized */
};

/* An empty array of rows of row_size bytes, without memory of its own. */
void rows_init(struct rows *rows, size_t row_size);
void rows_release(struct rows *rows);
/* Frees *n chunks at most, which it counts down. True while there are more; nothing else may be done with it then. */
bool rows_release_some(struct rows *rows, unsigned *n);

/* A new row at the end, zeroed, to be filled by the caller; its number was rows->n. NULL: out of memory, nothing added. */
void *rows_add(struct rows *rows);

/* Makes it n rows long (n >= what it is); new rows are zeroed. 0, or -ENOMEM with it as long as it got. */
int rows_extend(struct rows *rows, uint32_t n) __attribute__((warn_unused_result));

/* Gives back the room behind the last row. Pointers to rows of the last chunk are invalid afterwards. */
void rows_trim(struct rows *rows);

size_t rows_bytes(const struct rows *rows);

/* Row i, which must be there. */
static inline void *
rows_at(const struct rows *rows, uint32_t i)
{
	return rows->chunks[i >> ROWS_SHIFT] + (size_t)(i & (ROWS_PER_CHUNK - 1)) * rows->row_size;
}

/* For arrays of plain numbers. */
__attribute__((unused)) static inline uint32_t *
rows_u32(const struct rows *rows, uint32_t i)
{
	return rows_at(rows, i);
}

/*
 * Texts, NUL-terminated, named by (chunk << 20 | offset): ref 0 is "". Chunks never move before text_pool_trim().
 */
#define TEXT_CHUNK_SHIFT 20
#define TEXT_CHUNK_SIZE (1u << TEXT_CHUNK_SHIFT)
#define TEXT_CHUNKS_MAX (1u << (32 - TEXT_CHUNK_SHIFT))
/* The longest text that is taken; longer ones are a bug of the caller. */
#define TEXT_MAX 65535u

struct text_pool {
	char **chunks;
	uint32_t n_chunks;
	uint32_t used; /* bytes of the last chunk */
	uint32_t last_size;
};

/* A pool that holds "" alone, without memory of its own. */
void text_pool_init(struct text_pool *pool);
void text_pool_release(struct text_pool *pool);
/* As rows_release_some(). */
bool text_pool_release_some(struct text_pool *pool, unsigned *n);

/* Copies a text of at most TEXT_MAX bytes without NUL. 0, or -ENOMEM with *ret_ref untouched. */
int text_pool_add(struct text_pool *pool, struct slice text, uint32_t *ret_ref)
    __attribute__((warn_unused_result));

const char *text_pool_get(const struct text_pool *pool, uint32_t ref);

/* Gives back the room behind the last text. Pointers into the last chunk are invalid afterwards; refs stay. */
void text_pool_trim(struct text_pool *pool);

size_t text_pool_bytes(const struct text_pool *pool);

#endif
