using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Dftp.Cluster.Connections;
using Dftp.Cluster.Door;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;

namespace Dftp.Cluster.PeerReads;

/// <summary>
/// Reads files of peers, from their management interface if they serve them there, else from the public one. A mark requests only the
/// peer's own copy, so that nodes cannot proxy in a circle.
/// </summary>
internal sealed class PeerFiles(ClusterOptions options, ClusterDoor door, TimeProvider time)
{
    private const int Whole = 200;
    private const int Part = 206;
    private const int UnsatisfiableRange = 416;

    /// <summary>A sleeping disk takes up to ten seconds to spin up. A holder that takes longer is skipped.</summary>
    internal static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(12);

    private readonly PeerConnector _connector = new(door, options.ConnectTimeout, time);

    /// <summary>Requests a part of a peer's copy.</summary>
    /// <returns>An open body; the facts of a file that ends before the part; or an error, of kind Unreachable if the peer becomes
    /// suspect.</returns>
    public ValueTask<PeerOpenResult> OpenAsync(
        Peer peer, VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken) =>
        AskAsync(peer, path, file, part, isLook: false, cancellationToken);

    /// <summary>Requests the facts of a peer's copy.</summary>
    /// <returns>An empty body with the facts; or an error as of <see cref="OpenAsync"/>.</returns>
    public ValueTask<PeerOpenResult> LookAsync(Peer peer, VirtualPath path, Entry file, CancellationToken cancellationToken) =>
        // How legacy nodes respond to HEAD is unknown. A GET that is aborted gives the same facts.
        AskAsync(peer, path, file, RangeSpec.Whole, isLook: !peer.Facts.IsLegacy, cancellationToken);

    /// <summary>Requests the facts of a peer's copy with its digest, which the peer may take long to compute.</summary>
    /// <exception cref="IOException">The connection broke off.</exception>
    /// <exception cref="SocketException">There is no connection.</exception>
    /// <exception cref="OperationCanceledException">The peer went away, or <paramref name="cancellationToken"/> fired.</exception>
    public async Task<PeerResponseHead> AskForDigestAsync(
        Peer peer, HostPort address, VirtualPath path, CancellationToken cancellationToken)
    {
        var request = new FileRequest(address, path, RangeSpec.Whole, IsLook: true, WantsDigest: true);
        var (connection, head) = await ExchangeAsync(peer, request, null, cancellationToken);
        KeepAfter(connection, head, bodyLength: 0, peer.Connections);
        return head;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<PeerOpenResult> AskAsync(
        Peer peer, VirtualPath path, Entry file, RangeSpec part, bool isLook, CancellationToken cancellationToken)
    {
        if (peer.Facts.ReadAddress is not { Port: > 0 } address)
            return PeerOpenResult.Failed(FileErrorKind.Unreachable, $"{peer.Name} has not said where it serves files");

        var request = new FileRequest(address, path, part, isLook);
        try
        {
            return await AskAsync(peer, request, file, cancellationToken);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return PeerOpenResult.Failed(FileErrorKind.Unreachable, $"{peer.Name} does not answer");
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            return PeerOpenResult.Failed(FileErrorKind.Unreachable, $"{peer.Name} cannot be reached: {PeerHttp.Reason(error)}");
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<PeerOpenResult> AskAsync(Peer peer, FileRequest request, Entry file, CancellationToken cancellationToken)
    {
        var (connection, head) = await ExchangeAsync(peer, request, HeadersTimeout, cancellationToken);
        var examined = Examine(peer, request, head.Status, head.Facts, file);
        if (examined.Result is { } result)
        {
            // The page of a refusal arrives with its head; a response to HEAD has none.
            KeepAfter(connection, head, request.IsLook ? 0 : head.ContentLength, peer.Connections);
            return result;
        }

        return PeerOpenResult.Opened(examined.Body(new PeerBodyStream(connection, head, peer.Connections)));
    }

    private ValueTask<(PeerConnection Connection, PeerResponseHead Head)> ExchangeAsync(
        Peer peer, FileRequest request, TimeSpan? wait, CancellationToken cancellationToken) => _connector.ExchangeAsync(
            peer.EndpointAt(request.Address), request,
            static (connection, request, _) => connection.AskAsync(request), wait, cancellationToken);

    /// <summary>Keeps a connection whose response has arrived completely, and closes any other.</summary>
    private static void KeepAfter(PeerConnection connection, in PeerResponseHead head, long? bodyLength, PeerConnectionPool pool)
    {
        if (!head.Closes && connection.Buffered == bodyLength) pool.Return(connection);
        else connection.Dispose();
    }

    /// <summary>
    /// Compares a response with its request. A response of any version is accepted, because it says which version it is of.
    /// </summary>
    private static Examined Examine(Peer peer, in FileRequest request, int status, in PeerFileFacts facts, in Entry file)
    {
        var path = request.Path;
        if (status != UnsatisfiableRange && RefusalOf(status, peer, path) is { } refusal) return new(PeerOpenResult.Failed(refusal));

        // 1. The facts of the file.
        var size = (status == Whole ? facts.WholeLength : facts.RangeOf) ?? file.Size;
        var now = facts.Describe(size, file, peer.Name);
        if (!request.Part.TryResolve(size, out var range)) return new(PeerOpenResult.Outside(now));
        if (request.IsLook || (range.Length == 0 && status != Whole))
            return new(PeerOpenResult.Opened(PeerBody.Empty(now, range, facts.Digest)));
        if (status == UnsatisfiableRange) return new(PeerOpenResult.Failed(FileErrorKind.Failed, $"{peer.Name} refuses a range of {path}"));

        // 2. The range. A legacy node ignores ranges and sends the whole file.
        if (status == Whole) return new(null, now, range, range.Offset, facts.Digest);
        return facts.From == range.Offset && facts.To == range.End - 1
            ? new(null, now, range, 0, facts.Digest)
            : new(PeerOpenResult.Failed(FileErrorKind.Failed, $"{peer.Name} returned a range of {path} that was not requested"));
    }

    /// <summary>The error that a status means; null if the response has content.</summary>
    internal static FileError? RefusalOf(int status, Peer peer, VirtualPath path) => status switch
    {
        Whole or Part => null,
        404 => new FileError(FileErrorKind.NotFound, $"{path} is no longer on {peer.Name}"),
        403 => new FileError(FileErrorKind.AccessDenied, $"{peer.Name} may not read {path}"),
        401 => new FileError(
            FileErrorKind.Failed, $"{peer.Name} does not accept the signature of this node for {path}: dftp doctor finds out why"),
        503 => new FileError(FileErrorKind.Busy, $"{peer.Name} cannot answer for {path} now"),
        _ => new FileError(FileErrorKind.Failed, $"{peer.Name} answers {status} for {path}"),
    };

    /// <param name="Result">The outcome; null if the body is to be read.</param>
    /// <param name="Facts">The file.</param>
    /// <param name="Range">The requested bytes of it.</param>
    /// <param name="Surplus">The number of bytes before the range with which the body begins.</param>
    /// <param name="Digest">The digest of the whole file, if the peer sent it.</param>
    private readonly record struct Examined(
        PeerOpenResult? Result, Entry Facts = default, ByteRange Range = default, long Surplus = 0, ContentDigest? Digest = null)
    {
        public PeerBody Body(Stream stream) => new(stream, Facts, Range, Surplus, Digest);
    }
}

/// <summary>A response whose body is being read. Disposing of it ends the transfer at the peer too.</summary>
/// <param name="Stream">The bytes; owns the connection.</param>
/// <param name="Facts">The file that the bytes are of.</param>
/// <param name="Range">The bytes of it that were requested.</param>
/// <param name="Surplus">The number of bytes before the range, which the reader drops.</param>
/// <param name="Digest">The digest of the whole file; null if the peer did not send it.</param>
internal sealed record PeerBody(Stream Stream, Entry Facts, ByteRange Range, long Surplus, ContentDigest? Digest = null) : IDisposable
{
    public static PeerBody Empty(in Entry facts, ByteRange range, ContentDigest? digest) => new(Stream.Null, facts, range, 0, digest);

    public void Dispose() => Stream.Dispose();
}

/// <summary>Exactly one of: a body, the facts of a file that ends before the requested part, an error.</summary>
internal readonly record struct PeerOpenResult(PeerBody? Body, Entry? Now, FileError? Error)
{
    public static PeerOpenResult Opened(PeerBody body) => new(body, null, null);

    public static PeerOpenResult Outside(Entry now) => new(null, now, null);

    public static PeerOpenResult Failed(FileError error) => new(null, null, error);

    public static PeerOpenResult Failed(FileErrorKind kind, string message) => new(null, null, new FileError(kind, message));
}
