using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;

namespace Dftp.Cluster.PeerReads;

/// <summary>
/// Reads files of peers by their public HTTP interface, with a mark that asks for the peer's own copy only, so that no two nodes
/// proxy in a circle.
/// </summary>
internal sealed class PeerFiles : IDisposable
{
    /// <summary>An original node counts proxied requests by it and gives up at 2; ours serve what bears it from their own root.</summary>
    public const string OwnCopyOnly = "?redirN=1";

    private const int Whole = 200;
    private const int Part = 206;
    private const int UnsatisfiableRange = 416;

    /// <summary>A sleeping disk takes up to ten seconds to spin up; a holder that takes longer is passed over.</summary>
    internal static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(12);

    // Not the client above it, which has timeouts and buffers of its own for every request.
    private readonly HttpMessageInvoker _http;
    private readonly TimeProvider _time;
    private readonly TimeSpan _connectTimeout;

    /// <summary>A peer that is forgotten takes its own with it.</summary>
    private readonly ConditionalWeakTable<Peer, PeerConnectionPool> _pools = [];

    public PeerFiles(ClusterOptions options, TimeProvider time)
    {
        _time = time;
        _connectTimeout = options.ConnectTimeout;
        _http = new HttpMessageInvoker(PeerHttp.CreateHandler(options.ConnectTimeout));
    }

    /// <summary>Asks a peer for a part of its copy.</summary>
    /// <returns>The open response; the facts of a file that ends before; or an error, of kind Unreachable when the peer is to be doubted.</returns>
    public ValueTask<PeerOpenResult> OpenAsync(Peer peer, VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken) =>
        AskAsync(peer, path, file, part, isLook: false, cancellationToken);

    /// <summary>Asks a peer what its copy is.</summary>
    /// <returns>A body that is empty, with the facts; or an error as of <see cref="OpenAsync"/>.</returns>
    public ValueTask<PeerOpenResult> LookAsync(Peer peer, VirtualPath path, Entry file, CancellationToken cancellationToken) =>
        // What a legacy node makes of HEAD is not known; an answer that is broken off tells as much.
        AskAsync(peer, path, file, RangeSpec.Whole, isLook: !peer.Facts.IsLegacy, cancellationToken);

    /// <summary>Asks a peer what it says of its copy, the digest too, which it may take long to compute.</summary>
    /// <exception cref="HttpRequestException">It cannot be reached.</exception>
    public async Task<HttpResponseMessage> AskForDigestAsync(HostPort address, VirtualPath path, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, Uri(address, path));
        request.Headers.TryAddWithoutValidation(DigestField.WantName, DigestField.Wanted);
        return await _http.SendAsync(request, cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<PeerOpenResult> AskAsync(
        Peer peer, VirtualPath path, Entry file, RangeSpec part, bool isLook, CancellationToken cancellationToken)
    {
        if (peer.Facts.PublicAddress is not { Port: > 0 } address)
            return PeerOpenResult.Failed(FileErrorKind.Unreachable, $"{peer.Name} has not said where its files are read");

        var pool = _pools.GetOrAdd(peer, static _ => new PeerConnectionPool());
        var request = new PeerRequest(address, path, part, isLook);
        try
        {
            // 1. On a connection of the pool, or a new one.
            if (request.IsShort && !pool.IsUnusual(address)
                && await OpenPlainlyAsync(pool, peer, request, file, cancellationToken) is { } result) return result;

            // 2. By the framework's client, which knows all that HTTP/1.1 allows.
            return await OpenByClientAsync(peer, request, file, cancellationToken);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return PeerOpenResult.Failed(FileErrorKind.Unreachable, $"{peer.Name} does not answer");
        }
        catch (Exception error) when (error is HttpRequestException or IOException or SocketException)
        {
            return PeerOpenResult.Failed(FileErrorKind.Unreachable, $"{peer.Name} cannot be reached: {PeerHttp.Reason(error)}");
        }
    }

    public void Dispose()
    {
        foreach (var (_, pool) in _pools) pool.Dispose();
        _http.Dispose();
    }

    /// <returns>Null when the peer's way of answering is left to the framework's client.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<PeerOpenResult?> OpenPlainlyAsync(
        PeerConnectionPool pool, Peer peer, PeerRequest request, Entry file, CancellationToken cancellationToken)
    {
        var idle = pool.Take(request.Address);
        var connection = idle ?? await ConnectAsync(peer, request, cancellationToken);
        var isKept = false;
        try
        {
            PeerResponseHead? answer;
            try
            {
                answer = await AskAsync(connection, request, cancellationToken);
            }
            catch (IOException) when (connection == idle && !idle.HasAnswered && !idle.IsClosed)
            {
                // RFC 9112, section 9.3.1: the peer closed it while it was idle, and a GET may be repeated.
                connection.Dispose();
                connection = await ConnectAsync(peer, request, cancellationToken);
                answer = await AskAsync(connection, request, cancellationToken);
            }

            if (answer is not { } head) return PeerOpenResult.Failed(FileErrorKind.Unreachable, $"{peer.Name} cannot be reached: what answers speaks no HTTP");
            if (!head.IsPlain && head.Status is < 200 or 200 or 206)
            {
                pool.MarkUnusual(request.Address);
                return null;
            }

            var examined = Examine(peer, request, head.Status, head.Facts, file);
            if (examined.Result is { } result)
            {
                // The page of a refusal comes with its head; an answer to HEAD has none.
                isKept = head is { IsPlain: true, Closes: false } && connection.Buffered == (request.IsLook ? 0 : head.ContentLength);
                if (isKept) pool.Return(connection);
                return result;
            }

            var body = new PeerBodyStream(connection, head.ContentLength!.Value, head.Closes ? null : pool);
            isKept = true;
            return PeerOpenResult.Opened(examined.Body(body, body));
        }
        finally
        {
            if (!isKept) connection.Dispose();
        }
    }

    private Task<PeerConnection> ConnectAsync(Peer peer, in PeerRequest request, CancellationToken cancellationToken) =>
        PeerConnection.ConnectAsync(peer, request.Address, _connectTimeout, _time, cancellationToken);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<PeerResponseHead?> AskAsync(PeerConnection connection, PeerRequest request, CancellationToken cancellationToken)
    {
        connection.CloseAfter(HeadersTimeout);
        var closing = cancellationToken.UnsafeRegister(static connection => ((PeerConnection)connection!).Dispose(), connection);
        try
        {
            return await connection.AskAsync(request);
        }
        catch (IOException) when (connection.IsClosed)
        {
            // By the caller, by the time limit, or because the peer is away.
            cancellationToken.ThrowIfCancellationRequested();
            throw new OperationCanceledException();
        }
        finally
        {
            closing.Dispose();
            connection.TryKeepOpen();
        }
    }

    private async Task<PeerOpenResult> OpenByClientAsync(
        Peer peer, PeerRequest request, Entry file, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(HeadersTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, peer.Presence, cancellationToken);
        using var message = new HttpRequestMessage(request.IsLook ? HttpMethod.Head : HttpMethod.Get, Uri(request.Address, request.Path));
        if (!request.Part.IsWhole) message.Headers.Range = RangeHeaderValue.Parse(request.Part.ToString());
        HttpResponseMessage? response = await _http.SendAsync(message, either.Token);
        try
        {
            var facts = PeerFileFacts.Of(response);
            var examined = Examine(peer, request, (int)response.StatusCode, facts, file);
            if (examined.Result is { } result) return result;
            var opened = PeerOpenResult.Opened(examined.Body(response, await response.Content.ReadAsStreamAsync(either.Token)));
            response = null;
            return opened;
        }
        finally
        {
            response?.Dispose();
        }
    }

    /// <summary>Compares an answer with what was asked for. Whatever version it is of, it is good: it says which.</summary>
    private static Examined Examine(Peer peer, in PeerRequest request, int status, in PeerFileFacts facts, in Entry file)
    {
        var path = request.Path;
        if (status != UnsatisfiableRange && RefusalOf(status, peer, path) is { } refusal) return new(PeerOpenResult.Failed(refusal));

        // 1. Which file is it?
        var size = (status == Whole ? facts.WholeLength : facts.RangeOf) ?? file.Size;
        var now = facts.Describe(size, file, peer.Name);
        if (!request.Part.TryResolve(size, out var range)) return new(PeerOpenResult.Outside(now));
        if (request.IsLook || (range.Length == 0 && status != Whole)) return new(PeerOpenResult.Opened(PeerBody.Empty(now, range, facts.Digest)));
        if (status == UnsatisfiableRange) return new(PeerOpenResult.Failed(FileErrorKind.Failed, $"{peer.Name} refuses a range of {path}"));

        // 2. Is it the range that was asked for? A legacy node knows no ranges and sends the whole.
        if (status == Whole) return new(null, now, range, range.Offset, facts.Digest);
        return facts.From == range.Offset && facts.To == range.End - 1
            ? new(null, now, range, 0, facts.Digest)
            : new(PeerOpenResult.Failed(FileErrorKind.Failed, $"{peer.Name} answers with another range of {path} than it was asked for"));
    }

    /// <summary>Why an answer is none; null when it is one.</summary>
    internal static FileError? RefusalOf(int status, Peer peer, VirtualPath path) => status switch
    {
        Whole or Part => null,
        404 => new FileError(FileErrorKind.NotFound, $"{path} is no longer on {peer.Name}"),
        403 => new FileError(FileErrorKind.AccessDenied, $"{peer.Name} may not read {path}"),
        503 => new FileError(FileErrorKind.Busy, $"{peer.Name} cannot answer for {path} now"),
        _ => new FileError(FileErrorKind.Failed, $"{peer.Name} answers {status} for {path}"),
    };

    private static Uri Uri(HostPort address, VirtualPath path)
    {
        var url = new StringBuilder("http://").Append(address).Append("/fs");
        foreach (var name in path.Value.Split('/', StringSplitOptions.RemoveEmptyEntries)) url.Append('/').Append(System.Uri.EscapeDataString(name));
        // The names are escaped already, and what looks like an escape in one of them is to stay.
        return new Uri(url.Append(OwnCopyOnly).ToString(), new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
    }

    /// <param name="Result">What the answer comes to; null when its body is to be read.</param>
    /// <param name="Facts">Of the file.</param>
    /// <param name="Range">Which bytes of it were asked for.</param>
    /// <param name="Surplus">Bytes before the range that the body begins with.</param>
    /// <param name="Digest">Of the whole file, where the peer told it.</param>
    private readonly record struct Examined(
        PeerOpenResult? Result, Entry Facts = default, ByteRange Range = default, long Surplus = 0, ContentDigest? Digest = null)
    {
        public PeerBody Body(IDisposable owner, Stream stream) => new(owner, stream, Facts, Range, Surplus, Digest);
    }
}

/// <summary>An answer of a peer that is being read. Disposing of it ends the transfer at the peer, too.</summary>
/// <param name="Owner">Owns the connection.</param>
/// <param name="Stream">The bytes.</param>
/// <param name="Facts">What the file is that they are of.</param>
/// <param name="Range">Which bytes of it.</param>
/// <param name="Surplus">Bytes before the range that have to be read and dropped.</param>
/// <param name="Digest">What the peer knows of the whole file; null when it does not say.</param>
internal sealed record PeerBody(IDisposable Owner, Stream Stream, Entry Facts, ByteRange Range, long Surplus, ContentDigest? Digest = null) : IDisposable
{
    public static PeerBody Empty(in Entry facts, ByteRange range, ContentDigest? digest) => new(Stream.Null, Stream.Null, facts, range, 0, digest);

    public void Dispose() => Owner.Dispose();
}

/// <summary>Exactly one of a body, the facts of a file that ends before the part that was asked for, or an error.</summary>
internal readonly record struct PeerOpenResult(PeerBody? Body, Entry? Now, FileError? Error)
{
    public static PeerOpenResult Opened(PeerBody body) => new(body, null, null);

    public static PeerOpenResult Outside(Entry now) => new(null, now, null);

    public static PeerOpenResult Failed(FileError error) => new(null, null, error);

    public static PeerOpenResult Failed(FileErrorKind kind, string message) => new(null, null, new FileError(kind, message));
}
