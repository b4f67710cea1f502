using Microsoft.AspNetCore.Http.Features;

namespace Dftp.Http.Transport;

/// <summary>
/// How far the server is with the current request of an HTTP/1 connection, by its own account: the target of its request is null until it
/// has parsed the request line, and again once the request is over, body and trailers included. So nothing else has to know where a message
/// ends.
/// </summary>
/// <remarks>The server works on one request at a time; the members are used by that and by the reads in between.</remarks>
internal sealed class ServerRequest
{
    private IHttpRequestFeature? _request;

    /// <summary>Whether the server has carried out a request on this connection, or does. What it did before cannot be told.</summary>
    public bool IsKnown => _request is not null;

    /// <summary>Whether it has parsed the request line of a request that is not over.</summary>
    public bool HasLine => _request is { RawTarget: not null };

    /// <summary>Whether it has been given the beginning of a head, and has not parsed the whole head.</summary>
    public bool IsReadingHead { get; set; }

    /// <summary>The server has parsed a head, and carries out the request.</summary>
    public void Begin(IFeatureCollection features)
    {
        _request = features.GetRequiredFeature<IHttpRequestFeature>();
        IsReadingHead = false;
    }
}
