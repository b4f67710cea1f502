using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;

namespace Dftp.Routes;

/// <summary>All routes of a node, of both interfaces. Immutable.</summary>
public sealed class RouteTable
{
    private readonly ImmutableArray<RoutePath> _public;
    private readonly ImmutableArray<RoutePath> _management;

    /// <param name="routes">The first row whose path matches decides the path; all rows of that path count.</param>
    /// <exception cref="ArgumentException">Two rows have the same interface, path and method.</exception>
    public RouteTable(IEnumerable<Route> routes)
    {
        Routes = [.. routes];
        (_public, _management) = (PathsOf(Interfaces.Public), PathsOf(Interfaces.Management));
    }

    public ImmutableArray<Route> Routes { get; }

    /// <summary>Finds the rows for a request's path.</summary>
    /// <param name="on">One interface.</param>
    /// <param name="path">As in the target.</param>
    /// <returns>Null: nothing is there.</returns>
    public RoutePath? Find(Interfaces on, string path)
    {
        foreach (var each in PathsOn(on))
        {
            if (each.Matches(path)) return each;
        }

        return null;
    }

    /// <summary>The value of Allow for the interface as a whole (RFC 9110 section 9.3.7: the target <c>*</c>).</summary>
    public string AllowOn(Interfaces on) => RoutePath.AllowOf(PathsOn(on).SelectMany(path => path.Routes));

    private ImmutableArray<RoutePath> PathsOn(Interfaces on) => on == Interfaces.Management ? _management : _public;

    private ImmutableArray<RoutePath> PathsOf(Interfaces on) =>
        [.. Routes.Where(route => route.On.HasFlag(on))
            .GroupBy(route => (route.Path, route.Match))
            .Select(rows => new RoutePath([.. rows]))];
}

/// <summary>The rows of one path on one interface.</summary>
public sealed class RoutePath
{
    private readonly PathMatch _match;

    internal RoutePath(ImmutableArray<Route> routes)
    {
        (Path, _match, Routes) = (routes[0].Path, routes[0].Match, routes);
        var methods = routes.SelectMany(route => route.Methods).ToList();
        if (methods.Distinct(StringComparer.OrdinalIgnoreCase).Count() < methods.Count)
            throw new ArgumentException($"two rows for the same method of {Path}", nameof(routes));
        Allow = AllowOf(routes);
    }

    public string Path { get; }

    public ImmutableArray<Route> Routes { get; }

    /// <summary>The value of Allow: the methods of all rows, HEAD and OPTIONS included.</summary>
    public string Allow { get; }

    /// <returns>Null: the method is not allowed, or it is OPTIONS and no row answers it.</returns>
    public Route? Find(string method)
    {
        foreach (var route in Routes)
        {
            if (route.Takes(method)) return route;
        }

        return null;
    }

    internal static string AllowOf(IEnumerable<Route> routes) => string.Join(", ", routes
        .SelectMany(route => route.Methods)
        .SelectMany(method => HttpMethods.IsGet(method) ? [method, HttpMethods.Head] : new[] { method })
        .Append(HttpMethods.Options)
        .Distinct(StringComparer.OrdinalIgnoreCase));

    internal bool Matches(string path) => _match switch
    {
        PathMatch.Exact => path == Path,
        PathMatch.SlashOptional => path.AsSpan().TrimEnd('/').SequenceEqual(Path.AsSpan(0, Path.Length - 1)),
        _ => path.StartsWith(Path, StringComparison.Ordinal),
    };
}
