using System.Buffers;
using System.IO.Pipelines;
using Dftp.FileSystem;

namespace Dftp.Ftp.Control;

/// <summary>Renders one entry as one line, CRLF included.</summary>
internal delegate void LineFormat(IBufferWriter<byte> output, in Entry entry);

/// <summary>Where a listing goes: rendered into a buffer of bounded size that is sent whenever it is full.</summary>
/// <param name="writer">The data connection's, or the control connection's.</param>
/// <param name="flush">Sends what was written, and is told how much that is.</param>
internal sealed class ListingOutput(PipeWriter writer, Func<long, ValueTask> flush)
{
    private const int FlushBytes = 64 * 1024;

    public PipeWriter Writer => writer;

    public async Task WriteAsync(IEnumerable<Entry> entries, LineFormat format)
    {
        foreach (var entry in entries)
        {
            format(writer, entry);
            if (writer.UnflushedBytes >= FlushBytes) await FlushAsync();
        }
    }

    public ValueTask FlushAsync() => flush(writer.UnflushedBytes);
}
