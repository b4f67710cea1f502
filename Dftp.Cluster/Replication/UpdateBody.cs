using System.IO.Compression;
using System.IO.Pipelines;

namespace Dftp.Cluster.Replication;

/// <summary>An update message as the body of a request.</summary>
internal static class UpdateBody
{
    /// <summary>Writes a message, compressed if its receiver supports that.</summary>
    public static async Task WriteAsync(
        Stream body, bool compress, Func<PipeWriter, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        await using var brotli = compress ? new BrotliStream(body, CompressionLevel.Fastest, leaveOpen: true) : null;
        var writer = PipeWriter.Create(brotli ?? body, new StreamPipeWriterOptions(minimumBufferSize: 64 * 1024, leaveOpen: true));
        await write(writer, cancellationToken);
        await writer.CompleteAsync();
    }
}
