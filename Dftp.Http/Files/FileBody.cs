using Dftp.FileSystem;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Files;

/// <summary>Moves an opened content into a response.</summary>
internal static class FileBody
{
    private const int BlockSize = 256 * 1024;

    /// <summary>HTTP/2's frames carry no more, and each of its streams can hold one block that its client does not take.</summary>
    private const int Http2BlockSize = 16 * 1024;

    /// <summary>Sends all of a content, at the client's pace.</summary>
    /// <param name="http">Its response has started.</param>
    /// <param name="content">Not read yet.</param>
    /// <param name="time">For the limit on a client that takes nothing.</param>
    /// <returns>False when the client has left.</returns>
    /// <exception cref="FileContentException">The rest cannot be had.</exception>
    /// <exception cref="IOException">This machine's disk failed, or the file became shorter.</exception>
    public static async ValueTask<bool> WriteAsync(HttpContext http, FileContent content, TimeProvider time)
    {
        await using var byKernel = KernelBody.Of(http, content, time);
        for (var at = 0L; at < content.Length;)
        {
            var moved = byKernel is null ? 0 : await byKernel.TryMoveAsync(at);
            if (moved == 0) moved = await WriteBlockAsync(http, content, at);
            if (moved is not { } count) return false;
            at += count;
        }

        return true;
    }

    /// <returns>How many bytes; null when the client has left.</returns>
    private static async ValueTask<int?> WriteBlockAsync(HttpContext http, FileContent content, long at)
    {
        var writer = http.Response.BodyWriter;
        var left = content.Length - at;
        var memory = writer.GetMemory((int)Math.Min(left, HttpProtocol.IsHttp2(http.Request.Protocol) ? Http2BlockSize : BlockSize));
        if (memory.Length > left) memory = memory[..(int)left];
        // On Linux an asynchronous read of a file is this one on another thread of the pool.
        var count = content.Region is { } region
            ? RandomAccess.Read(region.Handle, memory.Span, region.Offset + at)
            : await content.ReadAsync(memory, http.RequestAborted);
        if (count == 0) throw new EndOfStreamException("the file became shorter while it was sent");
        writer.Advance(count);

        // The last block too: at the end of a response with a length the server leaves what came since the last flush where it is.
        var flushed = await writer.FlushAsync(http.RequestAborted);
        return flushed.IsCompleted && left > count ? null : count;
    }
}
