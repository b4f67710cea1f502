using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using Dftp.FileSystem;
using Dftp.Http.Files;
using Dftp.Http.Operation;
using Dftp.Http.Text;
using Dftp.Http.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.FastPath;

/// <summary>
/// Answers a plain GET of a small file with what <see cref="FileAnswer"/> would, straight into a connection's output. Whatever is not
/// as usual, from the path to the disk, it leaves to the server: nothing has been sent by then.
/// </summary>
internal sealed class SmallFiles(IFileTree tree, IFileTree ownTree, HttpOptions options, HttpMetrics metrics, RouteMetrics route)
{
    public const string Path = "/fs/";

    /// <summary>What is larger is worth the kernel's own ways of moving it.</summary>
    private const int MaxBytes = 32 * 1024;

    private const int MaxHeadBytes = 4096;

    /// <summary>For answers that go out together, as long as there are not enough.</summary>
    private const int RoomForMany = 64 * 1024, EnoughBytes = RoomForMany / 2;

    private const int MaxTargetBytes = 1024;

    private static readonly byte[] Prefix = Encoding.ASCII.GetBytes(Path);

    private readonly HttpClock _clock = new(options.Time);

    /// <summary>How one node asks another for its own copy.</summary>
    private static ReadOnlySpan<byte> OwnCopyOnly => "?redirN=1"u8;

    /// <param name="target">As it was written.</param>
    /// <param name="client">Its address.</param>
    /// <param name="output">The connection's, with nothing in it that waits for a flush of the server's.</param>
    /// <param name="connection">Aborted when the answer cannot be sent to its end.</param>
    /// <param name="isFollowed">Another answer follows: whoever writes it, or finds that there is none, sends this one too.</param>
    /// <returns>False when nothing was done that the client sees.</returns>
    public ValueTask<bool> TryAnswerAsync(
        ReadOnlySpan<byte> target, IPAddress? client, SocketOutput output, ConnectionContext connection, bool isFollowed)
    {
        var source = tree;
        if (target.EndsWith(OwnCopyOnly))
        {
            source = ownTree;
            target = target[..^OwnCopyOnly.Length];
        }

        if (!target.StartsWith(Prefix) || target.Contains((byte)'?') || !TryDecode(target[Prefix.Length..], out var path)) return new(false);
        var snapshot = source.Snapshot;
        if (!snapshot.TryFind(path, out var file) || file.IsDirectory || file.Size > MaxBytes) return new(false);
        if (options.RedirectsRemoteReads && file.Owner != options.NodeName) return new(false);
        return AnswerAsync(new Wanted(new SoughtFile(source, snapshot, path, client, IsHttps: false), file), output, connection, isFollowed);
    }

    private static bool TryDecode(ReadOnlySpan<byte> encoded, out VirtualPath path)
    {
        Span<char> text = stackalloc char[MaxTargetBytes];
        path = default;
        return encoded.Length is > 0 and <= MaxTargetBytes && encoded[^1] != '/'
            && RequestTarget.DecodePath(text[..Encoding.ASCII.GetChars(encoded, text)], out path) == PathDecoding.Decoded;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> AnswerAsync(Wanted wanted, SocketOutput output, ConnectionContext connection, bool isFollowed)
    {
        var began = metrics.RequestBegan();
        if (!await TryWriteAsync(wanted, output, isFollowed, connection.ConnectionClosed))
        {
            metrics.RequestPassedOn();
            // For a client that has left nobody need do it over.
            return connection.ConnectionClosed.IsCancellationRequested;
        }

        if (!isFollowed || output.UnflushedBytes >= EnoughBytes) await FlushAsync(output, connection);
        metrics.RequestEnded(route, HttpMethods.Get, StatusCodes.Status200OK, began);
        return true;
    }

    /// <summary>Sends what is in the output, at the client's pace.</summary>
    public static ValueTask FlushAsync(SocketOutput output, ConnectionContext connection)
    {
        var flushing = output.FlushAsync(connection.ConnectionClosed);
        if (!flushing.IsCompletedSuccessfully) return new(FlushPatientlyAsync(flushing.AsTask(), connection));
        _ = flushing.Result;
        return default;
    }

    /// <returns>Whether all of the answer is in the output; otherwise none of it is.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> TryWriteAsync(Wanted wanted, SocketOutput output, bool isFollowed, CancellationToken closed)
    {
        try
        {
            var opened = await wanted.Sought.Tree.OpenAsync(wanted.Sought.Path, wanted.File, ByteRange.Whole(wanted.File), closed);
            if (opened.Content is not { } content) return false;
            await using (content)
            {
                var memory = output.GetMemory(isFollowed && output.UnflushedBytes == 0 ? RoomForMany : MaxHeadBytes + (int)content.Length);
                if (!TryWriteHead(wanted, content.KnownDigest, memory.Span, out var written)) return false;
                for (var left = memory.Slice(written, (int)content.Length); !left.IsEmpty;)
                {
                    var count = content.Region is { } region
                        ? RandomAccess.Read(region.Handle, left.Span, region.Offset + content.Length - left.Length)
                        : await content.ReadAsync(left, closed);
                    if (count == 0) return false;
                    left = left[count..];
                }

                output.Advance(written + (int)content.Length);
                return true;
            }
        }
        catch (Exception)
        {
            // Whatever it is, the server tries again, and tells the client or the log.
            return false;
        }
    }

    /// <summary>The fields of <see cref="FileAnswer"/>, and those that the server adds to them.</summary>
    private bool TryWriteHead(in Wanted wanted, ContentDigest? digest, Span<byte> destination, out int written)
    {
        var file = wanted.File;
        var now = _clock.Now;
        var type = ContentTypes.Of(wanted.Sought.Path);
        var head = new HeadWriter(destination);
        head.Add("HTTP/1.1 200 OK\r\nContent-Length: "u8);
        head.Add(file.Size);
        head.Add("\r\nContent-Type: "u8);
        head.Add(type.Value);
        head.Add("\r\nDate: "u8);
        head.Add(now.Text);
        head.Add("\r\nAccept-Ranges: bytes\r\nETag: "u8);
        Span<byte> tag = stackalloc byte[Validators.MaxETagBytes];
        head.Add(tag[..Validators.WriteETag(file, tag)]);
        head.Add("\r\nLast-Modified: "u8);
        head.Add(Validators.LastModified(file.Modified, now.UnixSeconds));
        head.Add("\r\nX-Content-Type-Options: nosniff\r\nX-Dftp-Modified: "u8);
        head.Add(file.Modified.Nanoseconds);
        if (type.CanRunScripts) head.Add("\r\nContent-Security-Policy: sandbox"u8);
        if (digest is { } known)
        {
            head.Add("\r\nRepr-Digest: "u8);
            head.Add(DigestWishes.Format(known));
        }

        if (HolderUrls.DuplicatesOf(wanted.Sought, file, options.NodeName) is { } links)
        {
            head.Add("\r\nLink: "u8);
            head.Add(links);
        }

        head.Add("\r\n\r\n"u8);
        written = head.Written;
        return head.IsWhole;
    }

    /// <summary>Waits for a client that is slow. One that has left, or takes nothing, ends the connection, which the next read tells.</summary>
    private static async Task FlushPatientlyAsync(Task flushing, ConnectionContext connection)
    {
        try
        {
            await flushing.WaitAsync(SocketOutput.ClientPatience);
        }
        catch (TimeoutException)
        {
            connection.Abort(new ConnectionAbortedException("the client takes nothing of its answer"));
            await flushing;
        }
        catch (OperationCanceledException)
        {
            connection.Abort(new ConnectionAbortedException("the client has left"));
        }
    }

    private readonly record struct Wanted(SoughtFile Sought, Entry File);
}
