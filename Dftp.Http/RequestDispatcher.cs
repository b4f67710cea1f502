using Dftp.Http.Operation;
using Dftp.Http.Transport;
using Dftp.Routes;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Dftp.Http;

/// <summary>
/// Leads every request of both interfaces to its row of the route table. In this order:
/// <list type="number">
/// <item>A request of a web page that may change something is refused on the management interface (403).</item>
/// <item>A body that the row does not accept is refused (413, 400).</item>
/// <item>On the management interface, the check decides who may (its answer), also where there is no row.</item>
/// <item>Without a path there is no row (404); without a row for the method, Allow names the others (405, or 204 for OPTIONS).</item>
/// <item>The handler answers.</item>
/// </list>
/// </summary>
/// <param name="table">The node's routes.</param>
/// <param name="managementCheck">Checks who asks on the management interface; called for all but open routes. Null: anybody may.</param>
/// <param name="metrics">Counts each request by the path of its row.</param>
/// <param name="accessLog">Gets the requests of the public interface.</param>
/// <param name="log">For defects.</param>
internal sealed class RequestDispatcher(
    RouteTable table, RouteCheck? managementCheck, HttpMetrics metrics, AccessLog? accessLog, ILogger log)
{
    private readonly Dictionary<string, RouteMetrics> _metrics = table.Routes
        .Select(route => route.Path).Distinct().ToDictionary(path => path, metrics.Route);

    private readonly string _managementPaths = string.Join(
        ", ", table.Routes.Where(route => route.On.HasFlag(Interfaces.Management)).Select(route => route.Path).Distinct());

    /// <summary>The metrics of <see cref="TreeRoutes.FilesPath"/>, which the fast path updates too.</summary>
    public RouteMetrics FilesMetrics => _metrics[TreeRoutes.FilesPath];

    public async Task AnswerAsync(HttpContext http)
    {
        http.Features.Get<ServerRequest>()?.Begin(http.Features);
        var on = ManagementConnection.InterfaceOf(http.Features);
        if (on == Interfaces.Public) accessLog?.Follow(http);
        var began = metrics.RequestBegan();
        // The raw target, because the server's decoded path does not distinguish %2F from a slash.
        var isTarget = RequestTarget.TryParse(http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, out var target);
        var path = isTarget ? table.Find(on, target.Path) : null;
        var route = path is null ? metrics.Unrouted : _metrics[path.Path];
        http.Response.Headers.XContentTypeOptions = "nosniff";
        try
        {
            await DispatchAsync(http, on, isTarget ? target : null, path);
        }
        catch (Exception failure) when (IsOfALostClient(failure, http))
        {
            // The client has left: there is nothing to answer, and it is not an error.
        }
        catch (BadHttpRequestException refused)
        {
            // A body that is malformed, too slow or too large, or what a handler refuses in the middle of it.
            if (http.Response.HasStarted) http.Abort();
            else await RequestBody.RefuseAsync(http, refused);
        }
        catch (Exception failure) when (!http.Response.HasStarted)
        {
            Log.Defect(log, failure, route.Name);
            http.Response.Clear();
            await PlainText.WriteAsync(http, StatusCodes.Status500InternalServerError, "An error in this node; its log says more.");
        }
        finally
        {
            RequestTrace.Describe(http, route.Name);
            metrics.RequestEnded(route, http.Request.Method, http.Response.StatusCode, began);
        }
    }

    /// <summary>A broken connection is seen by a read before it is seen by everybody.</summary>
    private static bool IsOfALostClient(Exception failure, HttpContext http) =>
        failure is ConnectionResetException or ConnectionAbortedException
        || (http.RequestAborted.IsCancellationRequested && failure is OperationCanceledException or IOException);

    private Task DispatchAsync(HttpContext http, Interfaces on, RequestTarget? target, RoutePath? path)
    {
        if (on == Interfaces.Management && BrowserRequest.MayChangeSomething(http.Request))
            return PlainText.WriteAsync(http, StatusCodes.Status403Forbidden, BrowserRequest.Refusal);
        var route = path?.Find(http.Request.Method);
        if (RequestBody.Refuse(http, route?.Body ?? BodyLimit.None) is { } refused) return refused;
        return on != Interfaces.Management || route?.Access == RouteAccess.Open || managementCheck is null
            ? AnswerAsync(http, on, target, path, route)
            : CheckAndAnswerAsync(managementCheck, http, target, path, route);
    }

    private async Task CheckAndAnswerAsync(RouteCheck check, HttpContext http, RequestTarget? target, RoutePath? path, Route? route)
    {
        if (await check(http, route)) await AnswerAsync(http, Interfaces.Management, target, path, route);
    }

    private Task AnswerAsync(HttpContext http, Interfaces on, RequestTarget? target, RoutePath? path, Route? route)
    {
        if (target is not { } known) return AnswerOtherTargetAsync(http, table.AllowOn(on));
        if (path is null) return AnswerNothingThereAsync(http, on);
        if (route is not null) return route.Handler(new RoutedRequest(http, known, route));
        return HttpMethods.IsOptions(http.Request.Method)
            ? AnswerOptions(http.Response, path.Allow)
            : AnswerNotAllowedAsync(http, path.Allow);
    }

    private Task AnswerNothingThereAsync(HttpContext http, Interfaces on) => PlainText.WriteAsync(
        http,
        StatusCodes.Status404NotFound,
        on == Interfaces.Management
            ? $"Nothing is here: this is the management interface, with {_managementPaths}."
            : "Nothing is here: the files are under /fs/, a list of all of them is at /find/.");

    /// <summary>The target <c>*</c> of OPTIONS, and that of CONNECT (RFC 9112, section 3.2).</summary>
    private static Task AnswerOtherTargetAsync(HttpContext http, string allow)
    {
        if (HttpMethods.IsOptions(http.Request.Method)) return AnswerOptions(http.Response, allow);
        return HttpMethods.IsConnect(http.Request.Method)
            ? AnswerNotAllowedAsync(http, allow)
            : PlainText.WriteAsync(http, StatusCodes.Status400BadRequest, "The request's target is not a path.");
    }

    private static Task AnswerNotAllowedAsync(HttpContext http, string allow)
    {
        http.Response.Headers.Allow = allow;
        return PlainText.WriteAsync(http, StatusCodes.Status405MethodNotAllowed, SentenceOf(allow));
    }

    private static string SentenceOf(string allow)
    {
        var methods = allow.Split(", ").Where(method => !HttpMethods.IsOptions(method)).ToList();
        return methods switch
        {
            [] => "Only OPTIONS is answered here.",
            [var only] => $"Only {only} is answered here.",
            [.. var most, var last] => $"Only {string.Join(", ", most)} and {last} are answered here.",
        };
    }

    private static Task AnswerOptions(HttpResponse response, string allow)
    {
        response.StatusCode = StatusCodes.Status204NoContent;
        response.Headers.Allow = allow;
        return Task.CompletedTask;
    }
}
