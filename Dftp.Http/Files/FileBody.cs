using Dftp.FileSystem;
using Dftp.Http.Transport;
using Dftp.Sockets;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Files;

/// <summary>Moves an opened content into a response.</summary>
internal static class FileBody
{
    private const int BlockSize = 256 * 1024;

    /// <summary>HTTP/2's frames carry no more, and each of its streams can hold one block that its client does not take.</summary>
    private const int Http2BlockSize = 16 * 1024;

    /// <summary>What is smaller is read, and goes out with the headers: that is cheaper than the kernel's way.</summary>
    private const int MinKernelBytes = 64 * 1024;

    /// <summary>Sends all of a content, at the client's pace.</summary>
    /// <returns>False when the client has left.</returns>
    /// <exception cref="FileContentException">The rest cannot be had.</exception>
    /// <exception cref="IOException">This machine's disk failed, or the file became shorter.</exception>
    public static async ValueTask<bool> WriteAsync(HttpContext http, FileContent content)
    {
        var writer = http.Response.BodyWriter;
        var region = content.Region;
        var output = content.Length > MinKernelBytes ? SocketOutput.Of(http) : null;
        var block = HttpProtocol.IsHttp2(http.Request.Protocol) ? Http2BlockSize : region is null || output is null ? BlockSize : SocketOutput.MaxFileBytes;
        var remaining = content.Length;
        KernelPipe? pipe = null;
        try
        {
            while (remaining > 0)
            {
                var rest = region is { } whole
                    ? whole with { Offset = whole.Offset + content.Length - remaining, Length = remaining }
                    : default(FileRegion?);
                if (rest is { } offer) output?.Offer(offer);
                else if (content.CanFill && output is not null && (pipe ??= KernelPipe.TryCreate()) is { } between) output.Offer(between);
                var memory = writer.GetMemory((int)Math.Min(block, remaining));
                if (memory.Length > remaining) memory = memory[..(int)remaining];
                var isByKernel = SocketOutput.IsStandIn(memory);
                var count = !isByKernel ? await ReadAsync(content, rest, memory, http.RequestAborted)
                    : rest is not null ? memory.Length
                    : await content.FillAsync(pipe!.WriteEnd, memory.Length, http.RequestAborted);
                if (count == 0)
                {
                    if (!isByKernel) throw SocketOutput.BecameShorter();
                    output!.Withdraw();
                    continue;
                }

                writer.Advance(count);
                remaining -= count;

                // The last block too: at the end of a response with a length the server leaves what came since the last flush where it is.
                var flushed = await writer.FlushAsync(http.RequestAborted);
                if (output?.FileFailure is { } failure) throw failure;
                if (flushed.IsCompleted && remaining > 0) return false;
            }

            return true;
        }
        finally
        {
            output?.Withdraw();
            pipe?.Dispose();
        }
    }

    /// <summary>On Linux an asynchronous read of a file is the other one on another thread of the pool.</summary>
    private static ValueTask<int> ReadAsync(FileContent content, FileRegion? rest, Memory<byte> memory, CancellationToken aborted) =>
        rest is { } file ? new(RandomAccess.Read(file.Handle, memory.Span, file.Offset)) : content.ReadAsync(memory, aborted);
}
