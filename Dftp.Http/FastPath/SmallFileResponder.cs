using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using Dftp.FileSystem;
using Dftp.Http.Files;
using Dftp.Http.Operation;
using Dftp.Http.Text;
using Dftp.Http.Transport;
using Dftp.Routes;
using Dftp.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace Dftp.Http.FastPath;

/// <summary>
/// Answers a plain GET of a small file as <see cref="FileAnswer"/> would, straight into a connection's output. It declines every
/// unusual case, from the path to the disk, before a byte is sent; the server then answers.
/// </summary>
/// <param name="tree">Null on an interface that serves nothing but local copies to other nodes.</param>
/// <param name="localTree">This node's copies.</param>
/// <param name="options">The node's.</param>
/// <param name="metrics">The node's.</param>
/// <param name="route">Counts the answers.</param>
/// <param name="log">For defects.</param>
internal sealed class SmallFileResponder(
    IFileTree? tree, IFileTree localTree, HttpOptions options, HttpMetrics metrics, RouteMetrics route, ILogger log)
{
    /// <summary>Larger files are sent by the kernel (<see cref="ZeroCopyBody"/>).</summary>
    private const int MaxBytes = 32 * 1024;

    private const int MaxHeadBytes = 4096;

    private const int MaxTargetBytes = 1024;

    private static readonly byte[] Prefix = Encoding.ASCII.GetBytes(TreeRoutes.FilesPath);

    private readonly Func<Principal> _principal =
        tree is null ? static () => Principal.Peer : options.Anonymous ?? (static () => Principal.Anonymous);

    private readonly LocalCopies _copies = new(options);
    private readonly HttpClock _clock = new(options.Time);
    private readonly LogThrottle _defects = new(options.Time);

    /// <summary>Whether a cookie can say whose request it is. The server then answers.</summary>
    public bool CookiesCount { get; } = tree is not null && options.PrincipalOf is not null;

    /// <param name="target">As the client sent it.</param>
    /// <param name="client">Its address.</param>
    /// <param name="output">The connection's, with nothing in it.</param>
    /// <param name="connection">Aborted when the answer cannot be sent to its end.</param>
    /// <returns>False when the server must answer; nothing was sent.</returns>
    public ValueTask<bool> TryAnswerAsync(ReadOnlySpan<byte> target, IPAddress? client, SocketOutput output, ConnectionContext connection)
    {
        if (!_copies.TryTakeMark(ref target, client, isOfNodes: tree is null, out var isLocalOnly)) return new(Decline(DeclineReason.Target));
        if (!target.StartsWith(Prefix) || target.Contains((byte)'?') || !TryDecode(target[Prefix.Length..], out var path))
            return new(Decline(DeclineReason.Target));
        if ((isLocalOnly ? localTree : tree) is not { } files) return new(Decline(DeclineReason.Target));
        if (!options.AllowsFastPath(new PlainRequest(path, isLocalOnly, client))) return new(Decline(DeclineReason.Policy));
        var source = files.For(_principal());
        var snapshot = source.Snapshot;
        // The fast path waits for no index.
        var finding = snapshot.FindAsync(path);
        if (!finding.IsCompletedSuccessfully) return new(Decline(DeclineReason.File));
        if (finding.Result is not { IsDirectory: false, Size: <= MaxBytes } file) return new(Decline(DeclineReason.File));
        if (options.RedirectsRemoteReads && file.Owner != options.NodeName) return new(Decline(DeclineReason.Redirect));
        return AnswerAsync(new Wanted(new SoughtFile(source, snapshot, path, client, IsHttps: false), file), output, connection);
    }

    /// <summary>Counts a request that the server gets.</summary>
    /// <returns>False.</returns>
    public bool Decline(DeclineReason reason)
    {
        metrics.Declined(reason);
        return false;
    }

    private static bool TryDecode(ReadOnlySpan<byte> encoded, out VirtualPath path)
    {
        Span<char> text = stackalloc char[MaxTargetBytes];
        path = default;
        return encoded.Length is > 0 and <= MaxTargetBytes && encoded[^1] != '/'
            && RequestTarget.DecodePath(text[..Encoding.ASCII.GetChars(encoded, text)], out path) == PathDecoding.Decoded;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> AnswerAsync(Wanted wanted, SocketOutput output, ConnectionContext connection)
    {
        var began = metrics.RequestBegan();
        if (await TryWriteAsync(wanted, output, connection.ConnectionClosed) is { } reason)
        {
            metrics.RequestPassedOn();
            Decline(reason);
            // When the client has left, no answer is needed from the server either.
            return connection.ConnectionClosed.IsCancellationRequested;
        }

        await FlushAsync(output, connection);
        metrics.RequestEnded(route, HttpMethods.Get, StatusCodes.Status200OK, began);
        return true;
    }

    /// <returns>Null when the whole answer is in the output; otherwise why nothing of it is.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<DeclineReason?> TryWriteAsync(Wanted wanted, SocketOutput output, CancellationToken closed)
    {
        try
        {
            await BlockingWork.WaitForTurnAsync(closed);
            var opened = await wanted.Sought.Tree.OpenAsync(wanted.Sought.Path, wanted.File, RangeSpec.Whole, closed);
            if (opened.Content is not { } content) return DeclineReason.Open;
            await using (content)
            {
                // The file may have grown since the snapshot.
                if (content.Length > MaxBytes) return DeclineReason.Open;
                wanted = wanted with { File = opened.Facts };
                var links = await HolderUrls.DuplicatesOfAsync(wanted.Sought, wanted.File, options.NodeName);
                var memory = output.GetMemory(MaxHeadBytes + (int)content.Length);
                if (!TryWriteHead(wanted, links, content.KnownDigest, memory.Span, out var written)) return DeclineReason.Fields;
                for (var left = memory.Slice(written, (int)content.Length); !left.IsEmpty;)
                {
                    var count = content.Region is { } region
                        ? RandomAccess.Read(region.Handle, left.Span, region.Offset + content.Length - left.Length)
                        : await content.ReadAsync(left, closed);
                    if (count == 0) return DeclineReason.Read;
                    left = left[count..];
                }

                output.Advance(written + (int)content.Length);
                return null;
            }
        }
        catch (Exception expected) when (expected is IOException or UnauthorizedAccessException
            || (expected is OperationCanceledException && closed.IsCancellationRequested))
        {
            // The server opens the file again, and reports the failure to the client or the log.
            return DeclineReason.Read;
        }
        catch (Exception defect)
        {
            if (_defects.TryEnter()) Log.FastPathDefect(log, defect);
            return DeclineReason.Defect;
        }
    }

    private bool TryWriteHead(in Wanted wanted, string? links, ContentDigest? digest, Span<byte> destination, out int written)
    {
        var now = _clock.Now;
        var head = new HeadWriter(destination);
        head.AddStatusLine("HTTP/1.1 200 OK"u8);
        head.Add(HeaderNames.Date, now.Text);
        var type = ContentTypes.Of(wanted.Sought.Path);
        var fields = new FileHeaders(wanted.File, links, now.UnixSeconds);
        fields.Write(ref head, type, type.Value, wanted.File.Size, digest);
        head.End();
        written = head.Written;
        return head.IsWhole;
    }

    /// <summary>Sends the output's content, waiting for a client that is slow.</summary>
    private static ValueTask FlushAsync(SocketOutput output, ConnectionContext connection)
    {
        var flushing = output.FlushAsync(connection.ConnectionClosed);
        if (!flushing.IsCompletedSuccessfully) return new(FlushPatientlyAsync(flushing.AsTask(), connection));
        _ = flushing.Result;
        return default;
    }

    /// <summary>A client that has left, or takes nothing, ends the connection; the next read reports that.</summary>
    private static async Task FlushPatientlyAsync(Task flushing, ConnectionContext connection)
    {
        try
        {
            await flushing.WaitAsync(SocketOutput.ClientPatience, TimeProvider.System);
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
