using System.IO.Pipelines;
using Dftp.FileSystem;

namespace Dftp.Http.Files;

/// <summary>Moves an opened content into a response.</summary>
internal static class FileBody
{
    private const int BlockSize = 256 * 1024;

    /// <summary>Sends all of a content, at the client's pace.</summary>
    /// <returns>False when the client has left.</returns>
    /// <exception cref="FileContentException">The rest cannot be had.</exception>
    /// <exception cref="IOException">This machine's disk failed.</exception>
    public static async ValueTask<bool> WriteAsync(PipeWriter writer, FileContent content, CancellationToken aborted)
    {
        var region = content.Region;
        var remaining = content.Length;
        while (remaining > 0)
        {
            var block = (int)Math.Min(BlockSize, remaining);
            var memory = writer.GetMemory(block);
            if (memory.Length > remaining) memory = memory[..(int)remaining];

            // On Linux an asynchronous read of a file is this very call on another thread of the pool.
            var count = region is { } file
                ? RandomAccess.Read(file.Handle, memory.Span, file.Offset + content.Length - remaining)
                : await content.ReadAsync(memory, aborted);
            if (count == 0) throw new EndOfStreamException($"{remaining} bytes are missing at the end");

            writer.Advance(count);
            remaining -= count;

            // The last block too: at the end of a response with a length Kestrel leaves what was advanced since the last flush where it is.
            var flushed = await writer.FlushAsync(aborted);
            if (flushed.IsCompleted && remaining > 0) return false;
        }

        return true;
    }
}
