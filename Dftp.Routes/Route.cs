using Microsoft.AspNetCore.Http;

namespace Dftp.Routes;

/// <summary>A row of the route table: methods of a path, who may use them, and what answers them.</summary>
/// <param name="On">The interfaces that serve it.</param>
/// <param name="Path">The whole path or its prefix, percent-encoded as in a target.</param>
/// <param name="Match">How a request's path is compared with <paramref name="Path"/>.</param>
/// <param name="Methods">GET includes HEAD: the handler answers both.</param>
/// <param name="Access">Who may.</param>
/// <param name="Body">What is accepted of the request's body.</param>
/// <param name="Handler">Answers the request.</param>
public sealed record Route(
    Interfaces On, string Path, PathMatch Match, IReadOnlyList<string> Methods, RouteAccess Access, BodyLimit Body, RouteHandler Handler)
{
    public bool Takes(string method)
    {
        foreach (var each in Methods)
        {
            if (HttpMethods.Equals(each, method) || (HttpMethods.IsGet(each) && HttpMethods.IsHead(method))) return true;
        }

        return false;
    }
}

/// <summary>Answers a request, its errors included.</summary>
public delegate Task RouteHandler(RoutedRequest request);

/// <summary>Decides whether a request may go on. It may replace the request's body.</summary>
/// <param name="http">The exchange.</param>
/// <param name="route">The row that will answer; null if there is none.</param>
/// <returns>False when it may not: then it is answered already.</returns>
public delegate ValueTask<bool> RouteCheck(HttpContext http, Route? route);

/// <summary>A request and its row.</summary>
/// <param name="Http">The exchange.</param>
/// <param name="Target">The target as the client sent it.</param>
/// <param name="Route">The row that answers it.</param>
public readonly record struct RoutedRequest(HttpContext Http, RequestTarget Target, Route Route)
{
    /// <summary>The part of the path after the row's, still percent-encoded.</summary>
    public ReadOnlySpan<char> Rest => Target.Path.AsSpan(Math.Min(Route.Path.Length, Target.Path.Length));

    public bool IsHead => HttpMethods.IsHead(Http.Request.Method);

    public CancellationToken Aborted => Http.RequestAborted;
}

/// <summary>The HTTP interfaces of a node.</summary>
[Flags]
public enum Interfaces
{
    None = 0,

    /// <summary>For people and their programs, plain and by TLS.</summary>
    Public = 1,

    /// <summary>For other nodes and for operators.</summary>
    Management = 2,
}

/// <summary>Who may use a route. Each interface has its own way to find out who asks.</summary>
public enum RouteAccess
{
    /// <summary>Everybody: the answer tells nothing of the tree and of the cluster.</summary>
    Open,

    /// <summary>Whoever may see the tree. The answer shows what this client may see of it.</summary>
    Tree,

    /// <summary>Other nodes of the cluster, and operators.</summary>
    Peer,

    /// <summary>Operators of the node.</summary>
    Operator,
}

/// <summary>How a request's path is compared with a row's.</summary>
public enum PathMatch
{
    Exact,

    /// <summary>The row's path ends with a slash, which the request's need not have.</summary>
    SlashOptional,

    /// <summary>The request's path begins with the row's.</summary>
    Prefix,
}
