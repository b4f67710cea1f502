using System.Net;
using Dftp.FileSystem;
using Dftp.Routes;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http;

/// <summary>A request for something of the tree.</summary>
/// <param name="Http">The exchange.</param>
/// <param name="Principal">Whose request it is.</param>
/// <param name="Tree">The tree as the principal may see it.</param>
/// <param name="Target">The target as the client sent it.</param>
/// <param name="Path">The part of the target after the route's prefix, as a path in the tree.</param>
internal readonly record struct TreeRequest(
    HttpContext Http, Principal Principal, ITreeView Tree, RequestTarget Target, VirtualPath Path)
{
    /// <summary>The tree as this request sees it from start to end.</summary>
    public Completeness Completeness { get; } = Completeness.Of(Tree).At(Path);

    public ITreeSnapshot Snapshot => Completeness.Snapshot;

    public bool IsHead => HttpMethods.IsHead(Http.Request.Method);

    /// <summary>The client's address; null if the transport has none.</summary>
    public IPAddress? Client => Http.Connection.RemoteIpAddress;

    public CancellationToken Aborted => Http.RequestAborted;
}
