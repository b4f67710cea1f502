using System.Collections.Immutable;
using Dftp.FileSystem;
using Dftp.Http.Archives;
using Dftp.Http.Duplicates;
using Dftp.Http.Events;
using Dftp.Http.Files;
using Dftp.Http.Operation;
using Dftp.Http.Pages;
using Dftp.Http.Search;
using Dftp.Routes;
using Dftp.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Dftp.Http;

/// <summary>The rows of the route table that this front end answers.</summary>
internal sealed class TreeRoutes(IFileTree tree, IFileTree localTree, HttpOptions options, ILogger log)
{
    public const string FilesPath = "/fs/";

    private readonly LocalCopies _copies = new(options);

    private static readonly string[] Read = [HttpMethods.Get];

    public ImmutableArray<Route> All()
    {
        var greeting = new GreetingPage(options);
        var files = new TreeHandler(new FileAnswer(options, log), new ArchiveAnswer(options.NodeName, log));
        var copies = new CopyReports();
        var events = new EventsHandler(options.Time);
        var health = new HealthHandler(options.IsReady);
        var status = new StatusHandler(options.WriteStatus);
        var metrics = new MetricsHandler(options.WriteMetrics);
        return
        [
            Row("/", PathMatch.Exact, RouteAccess.Tree, Tree(greeting.AnswerAsync)),
            .. Directory(FilesPath, files.AnswerAsync),
            .. Directory("/find/", FindHandler.AnswerAsync),
            .. Directory("/holders/", HoldersHandler.AnswerAsync),
            .. Directory("/duplicates/", copies.AnswerDuplicatesAsync),
            .. Directory("/unique/", copies.AnswerUniqueAsync),
            .. Directory("/events/", events.AnswerAsync),
            Row(Assets.Path, PathMatch.Prefix, RouteAccess.Open, Assets.AnswerAsync),
            Row("/healthz", PathMatch.Exact, RouteAccess.Open, HealthHandler.AnswerHealthAsync) with { On = Everywhere },
            Row("/readyz", PathMatch.Exact, RouteAccess.Open, health.AnswerReadinessAsync) with { On = Everywhere },
            Row("/status", PathMatch.Exact, RouteAccess.Operator, WithSums(status.AnswerAsync)) with { On = Everywhere },
            Row("/status/", PathMatch.Exact, RouteAccess.Operator, WithSums(status.AnswerAsync)) with { On = Everywhere },
            Row("/metrics", PathMatch.Exact, RouteAccess.Operator, WithSums(metrics.AnswerAsync)) with { On = Everywhere },
            PeersRead(files.AnswerAsync),
        ];
    }

    private static Interfaces Everywhere => Interfaces.Public | Interfaces.Management;

    private static Route Row(string path, PathMatch match, RouteAccess access, RouteHandler handler) =>
        new(Interfaces.Public, path, match, Read, access, BodyLimit.None, handler);

    /// <summary>Everything below a path, and the redirect to it from the path without its slash.</summary>
    private IEnumerable<Route> Directory(string path, Func<TreeRequest, Task> handler) =>
    [
        Row(path[..^1], PathMatch.Exact, RouteAccess.Tree, Tree(RedirectToSlashAsync)),
        Row(path, PathMatch.Prefix, RouteAccess.Tree, Tree(handler)),
    ];

    /// <summary>What other nodes read of this one's own copies.</summary>
    private Route PeersRead(Func<TreeRequest, Task> handler)
    {
        var answer = Answer(handler, localTree, static _ => Principal.Peer);
        return new(
            Interfaces.Management, FilesPath, PathMatch.Prefix, Read, RouteAccess.Peer, BodyLimit.None,
            request => LocalCopies.HasForwardMark(request.Http.Request) ? answer(request) : PlainText.WriteAsync(
                request.Http, StatusCodes.Status404NotFound, "Only this node's own copies are read here, with ?redirN=1."));
    }

    /// <summary>Turns a request of a public interface into one for the tree as this client may see it.</summary>
    private RouteHandler Tree(Func<TreeRequest, Task> handler)
    {
        var (ofAll, ofLocal) = (Answer(handler, tree, PrincipalOf), Answer(handler, localTree, PrincipalOf));
        return request => _copies.Refuse(request.Http, out var isLocal) ?? (isLocal ? ofLocal : ofAll)(request);
    }

    /// <summary>Decodes the path, and takes the tree as the principal sees it.</summary>
    private static RouteHandler Answer(
        Func<TreeRequest, Task> handler, IFileTree tree, Func<HttpContext, Principal> principalOf) =>
        request => RequestTarget.DecodePath(request.Rest, out var path) switch
        {
            PathDecoding.Malformed => PlainText.WriteAsync(
                request.Http, StatusCodes.Status400BadRequest, "The path is not percent-encoded UTF-8."),
            PathDecoding.NoName => PlainText.WriteAsync(
                request.Http, StatusCodes.Status404NotFound, "Nothing is here: no file can be called so."),
            _ => AnswerAsync(Request(request, principalOf(request.Http), tree, path), handler),
        };

    private static TreeRequest Request(in RoutedRequest request, Principal principal, IFileTree tree, VirtualPath path) =>
        new(request.Http, principal, tree.For(principal), request.Target, path);

    private static Task AnswerAsync(in TreeRequest request, Func<TreeRequest, Task> handler)
    {
        if (request.Completeness.Refuse(request.Http) is { } refused) return refused;
        var turn = BlockingWork.WaitForTurnAsync(request.Aborted);
        return turn.IsCompletedSuccessfully ? handler(request) : AnswerInTurnAsync(turn, request, handler);
    }

    private static async Task AnswerInTurnAsync(ValueTask turn, TreeRequest request, Func<TreeRequest, Task> handler)
    {
        await turn;
        await handler(request);
    }

    /// <summary>A node's report and metrics count all files: on the public interfaces they are for those who may see all.</summary>
    private RouteHandler WithSums(RouteHandler handler) => request =>
        ManagementConnection.InterfaceOf(request.Http.Features) == Interfaces.Management || PrincipalOf(request.Http).ReadsEverything
            ? handler(request)
            : PlainText.WriteAsync(request.Http, StatusCodes.Status403Forbidden, "Only who may read every file may read this.");

    private Principal PrincipalOf(HttpContext http) =>
        options.PrincipalOf?.Invoke(http) ?? options.Anonymous?.Invoke() ?? Principal.Anonymous;

    private static Task RedirectToSlashAsync(TreeRequest request) => PlainText.RedirectAsync(request, request.Target.Path + "/");
}
