/*
 * syslog_frame: where one message ends and the next begins, on a stream (core). RFC 6587.
 *
 * A datagram is one message and needs none of this. On TCP and TLS a connection is octet counted
 * ("17 <134>...", RFC 6587 3.4.1 and RFC 5425 4.3) or ended by a terminator (3.4.2), LF or NUL as
 * rsyslog takes them. The first bytes tell which: a number means counting, anything else lines, and so
 * does a number that a stamp or a sequence number goes on with ("2026-11-23T...", "45:").
 * Later messages are framed as the ones before; but a relay that hands on what it gets may mix both,
 * so that among counted ones a '<' begins a line, and among lines "COUNT <" a counted message.
 *
 * What is left without a terminator when a connection ends is no message: it may have been cut
 * inside an interface's name, and must not be decoded.
 */
#ifndef DPWATCH_CORE_SYSLOG_FRAME_H
#define DPWATCH_CORE_SYSLOG_FRAME_H

#include <stddef.h>

#include "core/stream_frame.h"
#include "util/slice.h"

/*
 * Looks for the next message in the bytes received so far and not yet used. The message is a slice
 * of `bytes`, without its terminator and without blanks, CR, LF and NUL at its ends (ASA adds a
 * blank after LF); empty messages are skipped. After FRAME_MESSAGE and FRAME_MORE the caller drops
 * *ret_used bytes (after FRAME_MORE maybe none, and it receives more first). A message longer than
 * max_message is cut, and the rest of it skipped as it comes (RFC 5425 4.3.1). FRAME_ERROR, which is no
 * count where one must stand or an absurd one (above 1 MiB, or above max_message without a PRI behind it),
 * leaves the outputs untouched, and no later byte of the connection can be trusted.
 */
enum frame_result syslog_frame_next(
    struct stream_frame *frame, struct slice bytes, size_t *ret_used, struct slice *ret_message);

#endif
