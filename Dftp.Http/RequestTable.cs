using System.Net;
using Dftp.FileSystem;
using Dftp.Http.Archives;
using Dftp.Http.Duplicates;
using Dftp.Http.Events;
using Dftp.Http.Files;
using Dftp.Http.Operation;
using Dftp.Http.Pages;
using Dftp.Http.Search;
using Dftp.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Dftp.Http;

/// <summary>Maps paths to handlers.</summary>
internal sealed class RequestTable
{
    public const string AllowedMethods = "GET, HEAD, OPTIONS";

    public const string FilesPath = "/fs/";

    /// <summary>The first matching row answers; without a match the answer is 404.</summary>
    private readonly Row[] _rows;

    private readonly IFileTree _tree;
    private readonly IFileTree _localTree;
    private readonly Func<HttpContext, Principal> _principalOf;
    private readonly AccessLog? _accessLog;
    private readonly HttpMetrics _metrics;
    private readonly ILogger _log;

    public RequestTable(
        IFileTree tree, IFileTree localTree, HttpOptions options, HttpMetrics requestMetrics, AccessLog? accessLog, ILogger log)
    {
        _tree = tree;
        _localTree = localTree;
        _principalOf = options.PrincipalOf ?? (static _ => Principal.Anonymous);
        _accessLog = accessLog;
        _metrics = requestMetrics;
        _log = log;
        var greeting = new GreetingPage(options);
        var files = new TreeHandler(new FileAnswer(options, log), new ArchiveAnswer(options.NodeName, log));
        var copies = new CopyReports();
        var events = new EventsHandler(options.Time);
        var health = new HealthHandler(options.IsReady);
        var status = new StatusHandler(options.WriteStatus);
        var metrics = new MetricsHandler(options.WriteMetrics);
        _rows =
        [
            new("/", Match.Exact, greeting.AnswerAsync),
            new("/fs", Match.Exact, RedirectToSlashAsync),
            new(FilesPath, Match.Prefix, files.AnswerAsync),
            new("/find", Match.Exact, RedirectToSlashAsync),
            new("/find/", Match.Prefix, FindHandler.AnswerAsync),
            new("/holders", Match.Exact, RedirectToSlashAsync),
            new("/holders/", Match.Prefix, HoldersHandler.AnswerAsync),
            new("/duplicates", Match.Exact, RedirectToSlashAsync),
            new("/duplicates/", Match.Prefix, copies.AnswerDuplicatesAsync),
            new("/unique", Match.Exact, RedirectToSlashAsync),
            new("/unique/", Match.Prefix, copies.AnswerUniqueAsync),
            new("/events", Match.Exact, RedirectToSlashAsync),
            new("/events/", Match.Prefix, events.AnswerAsync),
            new(Assets.Path, Match.Prefix, Assets.AnswerAsync, ShowsTree: false),
            new("/healthz", Match.Exact, HealthHandler.AnswerHealthAsync, ShowsTree: false),
            new("/readyz", Match.Exact, health.AnswerReadinessAsync, ShowsTree: false),
            new("/status", Match.Exact, status.AnswerAsync, ShowsTree: false),
            new("/status/", Match.Exact, status.AnswerAsync, ShowsTree: false),
            new("/metrics", Match.Exact, metrics.AnswerAsync, ShowsTree: false),
        ];
        foreach (var row in _rows) row.Metrics = _metrics.Route(row.Path);
    }

    /// <summary>The metrics of <see cref="FilesPath"/>, which the fast path updates too.</summary>
    public RouteMetrics FilesMetrics => _rows.Single(row => row.Path == FilesPath).Metrics;

    private enum Match
    {
        Exact,
        Prefix,
    }

    public async Task AnswerAsync(HttpContext http)
    {
        _accessLog?.Follow(http);
        var began = _metrics.RequestBegan();
        // The raw target, because the server's decoded path does not distinguish %2F from a slash.
        var isTarget = RequestTarget.TryParse(http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, out var target);
        var row = isTarget ? Find(target) : null;
        var route = row?.Metrics ?? _metrics.Unrouted;
        http.Response.Headers.XContentTypeOptions = "nosniff";
        try
        {
            await (RequestBody.Refuse(http) ?? (isTarget ? DispatchAsync(http, target, row) : AnswerOtherTargetAsync(http)));
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client has left: there is nothing to answer, and it is not an error.
        }
        catch (Exception failure) when (!http.Response.HasStarted && failure is not BadHttpRequestException)
        {
            Log.Defect(_log, failure, route.Name);
            http.Response.Clear();
            await PlainText.WriteAsync(http, StatusCodes.Status500InternalServerError, "An error in this node; its log says more.");
        }
        finally
        {
            RequestTrace.Describe(http, route.Name);
            _metrics.RequestEnded(route, http.Request.Method, http.Response.StatusCode, began);
        }
    }

    private Row? Find(RequestTarget target)
    {
        foreach (var row in _rows)
        {
            if (row.Matches(target.Path)) return row;
        }

        return null;
    }

    /// <summary>The target <c>*</c> of OPTIONS, and that of CONNECT (RFC 9112, section 3.2).</summary>
    private static Task AnswerOtherTargetAsync(HttpContext http)
    {
        if (HttpMethods.IsOptions(http.Request.Method)) return AnswerOptions(http.Response);
        return HttpMethods.IsConnect(http.Request.Method)
            ? AnswerNotAllowedAsync(http)
            : PlainText.WriteAsync(http, StatusCodes.Status400BadRequest, "The request's target is not a path.");
    }

    private Task DispatchAsync(HttpContext http, RequestTarget target, Row? row) => row is not null
        ? AnswerRowAsync(http, target, row)
        : PlainText.WriteAsync(
            http, StatusCodes.Status404NotFound, "Nothing is here: the files are under /fs/, a list of all of them is at /find/.");

    private Task AnswerRowAsync(HttpContext http, RequestTarget target, Row row)
    {
        if (HttpMethods.IsOptions(http.Request.Method)) return AnswerOptions(http.Response);
        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method)) return AnswerNotAllowedAsync(http);

        var rest = target.Path.AsSpan(row.Path.Length);
        return RequestTarget.DecodePath(rest, out var path) switch
        {
            PathDecoding.Malformed => PlainText.WriteAsync(
                http, StatusCodes.Status400BadRequest, "The path is not percent-encoded UTF-8."),
            PathDecoding.NoName => PlainText.WriteAsync(
                http, StatusCodes.Status404NotFound, "Nothing is here: no file can be called so."),
            _ => AnswerRowAsync(new TreeRequest(http, ViewFor(http), target, path), row),
        };
    }

    private static Task AnswerRowAsync(in TreeRequest request, Row row)
    {
        if (!row.ShowsTree) return row.Handler(request);
        if (request.Completeness.Refuse(request.Http) is { } refused) return refused;
        var turn = BlockingWork.WaitForTurnAsync(request.Aborted);
        return turn.IsCompletedSuccessfully ? row.Handler(request) : AnswerInTurnAsync(turn, request, row);
    }

    private static async Task AnswerInTurnAsync(ValueTask turn, TreeRequest request, Row row)
    {
        await turn;
        await row.Handler(request);
    }

    private ITreeView ViewFor(HttpContext http)
    {
        var tree = http.Request.QueryString.HasValue && http.Request.Query.ContainsKey("redirN") ? _localTree : _tree;
        return tree.For(_principalOf(http));
    }

    private static Task RedirectToSlashAsync(TreeRequest request) => PlainText.RedirectAsync(request, request.Target.Path + "/");

    private static Task AnswerNotAllowedAsync(HttpContext http)
    {
        http.Response.Headers.Allow = AllowedMethods;
        return PlainText.WriteAsync(http, StatusCodes.Status405MethodNotAllowed, "Only GET and HEAD are answered here.");
    }

    private static Task AnswerOptions(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status204NoContent;
        response.Headers.Allow = AllowedMethods;
        return Task.CompletedTask;
    }

    /// <param name="Path">The whole path, or its prefix.</param>
    /// <param name="Match">Which of the two.</param>
    /// <param name="Handler">Answers GET and HEAD.</param>
    /// <param name="ShowsTree">Whether it accepts <c>require=complete</c>.</param>
    private sealed record Row(string Path, Match Match, Func<TreeRequest, Task> Handler, bool ShowsTree = true)
    {
        public RouteMetrics Metrics { get; set; } = new(Path);

        public bool Matches(string path) =>
            Match == Match.Exact ? path == Path : path.StartsWith(Path, StringComparison.Ordinal);
    }
}

/// <summary>A request with a parsed target.</summary>
/// <param name="Http">The exchange.</param>
/// <param name="Tree">The tree as the client may see it.</param>
/// <param name="Target">The target as the client sent it.</param>
/// <param name="Path">The part of the target after the row's prefix, as a path in the tree.</param>
internal readonly record struct TreeRequest(HttpContext Http, ITreeView Tree, RequestTarget Target, VirtualPath Path)
{
    /// <summary>The tree as this request sees it from start to end.</summary>
    public Completeness Completeness { get; } = Completeness.Of(Tree).At(Path);

    public ITreeSnapshot Snapshot => Completeness.Snapshot;

    public bool IsHead => HttpMethods.IsHead(Http.Request.Method);

    /// <summary>The client's address; null if the transport has none.</summary>
    public IPAddress? Client => Http.Connection.RemoteIpAddress;

    public CancellationToken Aborted => Http.RequestAborted;
}
