using System.Buffers;
using System.IO.Pipelines;
using Dftp.FileSystem;

namespace Dftp.Ftp.Control;

/// <summary>Renders one entry as one line, including CRLF.</summary>
internal delegate void LineFormat(IBufferWriter<byte> output, in Entry entry);

/// <summary>Renders a listing into a buffer of bounded size and sends it whenever the buffer is full.</summary>
/// <param name="writer">The writer of the data or control connection.</param>
/// <param name="flush">Sends what was written; its argument is the number of bytes.</param>
internal sealed class ListingOutput(PipeWriter writer, Func<long, ValueTask> flush)
{
    private const int FlushBytes = 64 * 1024;

    public PipeWriter Writer => writer;

    public async Task WriteAsync(IAsyncEnumerable<ReadOnlyMemory<Entry>> entries, LineFormat format)
    {
        await foreach (var page in entries)
        {
            for (var index = 0; index < page.Length; index++)
            {
                format(writer, page.Span[index]);
                if (writer.UnflushedBytes >= FlushBytes) await FlushAsync();
            }
        }
    }

    public ValueTask FlushAsync() => flush(writer.UnflushedBytes);
}
