using Dftp.FileSystem;
using Dftp.Sockets;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Files;

/// <summary>Sends an opened content as the body of a response.</summary>
internal static class FileBody
{
    private const int BlockSize = 256 * 1024;

    /// <summary>HTTP/2's frames carry no more, and each stream can keep one block that its client does not read.</summary>
    private const int Http2BlockSize = 16 * 1024;

    /// <summary>Sends a whole content.</summary>
    /// <param name="http">The response has started.</param>
    /// <param name="content">Not read yet.</param>
    /// <param name="time">For the time limit on a client that reads nothing.</param>
    /// <returns>False when the client has left.</returns>
    /// <exception cref="FileContentException">The rest cannot be had.</exception>
    /// <exception cref="IOException">This machine's disk failed, or the file became shorter.</exception>
    public static async ValueTask<bool> WriteAsync(HttpContext http, FileContent content, TimeProvider time)
    {
        await using var byKernel = ZeroCopyBody.TryCreate(http, content, time);
        for (var at = 0L; at < content.Length;)
        {
            var sent = byKernel is null ? 0 : await byKernel.TrySendAsync(at);
            if (sent == 0) sent = await WriteBlockAsync(http, content, at);
            if (sent is not { } count) return false;
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
        await BlockingWork.WaitForTurnAsync(http.RequestAborted);
        // On Linux an asynchronous read of a file is this one on a thread of the pool.
        var count = content.Region is { } region
            ? RandomAccess.Read(region.Handle, memory.Span, region.Offset + at)
            : await content.ReadAsync(memory, http.RequestAborted);
        if (count == 0) throw SocketSender.BecameShorter();
        writer.Advance(count);

        // The last block too: the server does not flush at the end of a response with a length.
        var flushed = await writer.FlushAsync(http.RequestAborted);
        return flushed.IsCompleted && left > count ? null : count;
    }
}
