using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Dftp.Cluster.Membership;
using Dftp.FileSystem;

namespace Dftp.Cluster.Content;

/// <summary>
/// Reads files of peers by their public HTTP interface, with a mark that asks for the peer's own copy only, so that no two nodes
/// proxy in a circle.
/// </summary>
internal sealed class PeerFiles : IDisposable
{
    /// <summary>An original node counts proxied requests by it and gives up at 2; ours serve what bears it from their own root.</summary>
    private const string OwnCopyOnly = "?redirN=1";

    /// <summary>The modification time in nanoseconds, which Last-Modified rounds to seconds. Original nodes do not send it.</summary>
    private const string ModifiedHeader = "X-Dftp-Modified";

    /// <summary>A sleeping disk takes up to ten seconds to spin up; a holder that takes longer is passed over.</summary>
    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(12);

    // Not the client above it, which has timeouts and buffers of its own for every request.
    private readonly HttpMessageInvoker _http;
    private readonly TimeProvider _time;

    public PeerFiles(ClusterOptions options, TimeProvider time)
    {
        _time = time;
        _http = new HttpMessageInvoker(PeerHttp.CreateHandler(options.ConnectTimeout));
    }

    /// <summary>Asks a peer for a range of its copy.</summary>
    /// <returns>The open response; newer facts; or an error, of kind Unreachable when the peer is to be doubted.</returns>
    public async ValueTask<PeerOpenResult> OpenAsync(Peer peer, VirtualPath path, Entry file, ByteRange range, CancellationToken cancellationToken)
    {
        var facts = peer.Facts;
        if (facts.PublicAddress is not { Port: > 0 } address)
            return PeerOpenResult.Failed(FileErrorKind.Unreachable, $"{peer.Name} has not said where its files are read");

        using var limit = new CancellationTokenSource(HeadersTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, peer.Presence, cancellationToken);
        HttpResponseMessage? response = null;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Uri(address, path));
            if (range.Length < file.Size) request.Headers.Range = new RangeHeaderValue(range.Offset, range.End - 1);
            response = await _http.SendAsync(request, either.Token);
            var result = await ExamineAsync(peer, path, response, file, range, either.Token);
            if (result.Body is not null) response = null;
            return result;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return PeerOpenResult.Failed(FileErrorKind.Unreachable, $"{peer.Name} does not answer");
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            return PeerOpenResult.Failed(FileErrorKind.Unreachable, $"{peer.Name} cannot be reached: {PeerHttp.Reason(error)}");
        }
        finally
        {
            response?.Dispose();
        }
    }

    /// <summary>Asks a peer what it says of its copy, the digest too, which it may take long to compute.</summary>
    /// <exception cref="HttpRequestException">It cannot be reached.</exception>
    public async Task<HttpResponseMessage> AskForDigestAsync(HostPort address, VirtualPath path, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, Uri(address, path));
        request.Headers.TryAddWithoutValidation(DigestField.WantName, DigestField.Wanted);
        return await _http.SendAsync(request, cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    private static async Task<PeerOpenResult> ExamineAsync(
        Peer peer, VirtualPath path, HttpResponseMessage response, Entry file, ByteRange range, CancellationToken cancellationToken)
    {
        if (response.StatusCode != HttpStatusCode.RequestedRangeNotSatisfiable && RefusalOf(response, peer, path) is { } refusal)
            return PeerOpenResult.Failed(refusal);

        // 1. Is it the file that was asked for?
        var headers = response.Content.Headers;
        var size = response.StatusCode == HttpStatusCode.OK ? headers.ContentLength : headers.ContentRange?.Length;
        var modified = Modified(response);
        var isOther = size is { } length && length != file.Size
            || modified is { } time && (response.Headers.Contains(ModifiedHeader) ? time != file.Modified : time.Seconds != file.Modified.Seconds);
        if (isOther)
            return PeerOpenResult.Changed(new Entry(file.NameUtf8, false, size ?? file.Size, modified ?? file.Modified, file.Permissions, peer.Name, file.HolderCount));
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            return PeerOpenResult.Failed(FileErrorKind.Failed, $"{peer.Name} refuses a range of {path}");

        // 2. Is it the range that was asked for? An original node knows no ranges and sends the whole.
        var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        if (response.StatusCode == HttpStatusCode.PartialContent)
        {
            return headers.ContentRange is { From: { } from, To: { } to } && from == range.Offset && to == range.End - 1
                ? PeerOpenResult.Opened(new PeerBody(response, body, 0, DigestField.Read(response)))
                : PeerOpenResult.Failed(FileErrorKind.Failed, $"{peer.Name} answers with another range of {path} than it was asked for");
        }

        return PeerOpenResult.Opened(new PeerBody(response, body, range.Offset, DigestField.Read(response)));
    }

    /// <summary>Why an answer is none; null when it is one.</summary>
    internal static FileError? RefusalOf(HttpResponseMessage response, Peer peer, VirtualPath path) => response.StatusCode switch
    {
        HttpStatusCode.OK or HttpStatusCode.PartialContent => null,
        HttpStatusCode.NotFound => new FileError(FileErrorKind.NotFound, $"{path} is no longer on {peer.Name}"),
        HttpStatusCode.Forbidden => new FileError(FileErrorKind.AccessDenied, $"{peer.Name} may not read {path}"),
        _ => new FileError(FileErrorKind.Failed, $"{peer.Name} answers {(int)response.StatusCode} for {path}"),
    };

    internal static UnixTime? Modified(HttpResponseMessage response) =>
        response.Headers.TryGetValues(ModifiedHeader, out var values) && long.TryParse(values.First(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exact)
            ? new UnixTime(exact)
            : response.Content.Headers.LastModified is { } time ? UnixTime.From(time) : null;

    /// <summary>Whether the time of an answer is exact.</summary>
    internal static bool TellsNanoseconds(HttpResponseMessage response) => response.Headers.Contains(ModifiedHeader);

    private static Uri Uri(HostPort address, VirtualPath path)
    {
        var url = new StringBuilder("http://").Append(address).Append("/fs");
        foreach (var name in path.Value.Split('/', StringSplitOptions.RemoveEmptyEntries)) url.Append('/').Append(System.Uri.EscapeDataString(name));
        // The names are escaped already, and what looks like an escape in one of them is to stay.
        return new Uri(url.Append(OwnCopyOnly).ToString(), new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
    }
}

/// <summary>An answer of a peer that is being read. Disposing of it ends the transfer at the peer, too.</summary>
/// <param name="Response">Owns the connection.</param>
/// <param name="Stream">The bytes.</param>
/// <param name="Surplus">Bytes before the range that have to be read and dropped.</param>
/// <param name="Digest">What the peer knows of the whole file; null when it does not say.</param>
internal sealed record PeerBody(HttpResponseMessage Response, Stream Stream, long Surplus, ContentDigest? Digest = null) : IDisposable
{
    public void Dispose() => Response.Dispose();
}

/// <summary>Exactly one of a body, newer facts, or an error.</summary>
internal readonly record struct PeerOpenResult(PeerBody? Body, Entry? Now, FileError? Error)
{
    public static PeerOpenResult Opened(PeerBody body) => new(body, null, null);

    public static PeerOpenResult Changed(Entry now) => new(null, now, null);

    public static PeerOpenResult Failed(FileError error) => new(null, null, error);

    public static PeerOpenResult Failed(FileErrorKind kind, string message) => new(null, null, new FileError(kind, message));
}
