using System.Globalization;
using System.Text;
using Dftp.FileSystem;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http;

/// <summary>
/// The tree that a request sees, and the missing nodes, whose files it may lack. Answers that show the tree list them; a request
/// with <c>require=complete</c> is refused while there are any.
/// </summary>
internal sealed record Completeness(ITreeSnapshot Snapshot, IReadOnlyList<MissingNode> Missing)
{
    private const string MissingHeader = "X-Dftp-Missing";

    /// <summary>Missing nodes are retried every few seconds; a client need not retry more often.</summary>
    private const int RetrySeconds = 30;

    public bool IsWhole => Missing.Count == 0;

    /// <summary>
    /// A node is on the list before its files leave the tree and until they are back. So the lists before and after the snapshot
    /// together have every node whose files the snapshot lacks.
    /// </summary>
    public static Completeness Of(ITreeView tree)
    {
        var before = tree.Missing;
        var snapshot = tree.Snapshot;
        var after = tree.Missing;
        if (before.Count == 0) return new(snapshot, after);
        return new(snapshot, [.. after.UnionBy(before, node => (node.Name, node.Path)).OrderBy(node => node.Name)]);
    }

    /// <summary>Limits this to an answer about a path and everything below it: unreadable places elsewhere do not concern it.</summary>
    public Completeness At(VirtualPath path) =>
        IsWhole ? this : this with { Missing = [.. Missing.Where(node => Concerns(node, path))] };

    /// <summary>
    /// Adds <c>X-Dftp-Missing: name;since=1477224426, …</c> for programs. <c>;joining</c> marks a node that has not sent its
    /// entries yet, <c>;left</c> one that said goodbye, <c>;unconfirmed</c> one whose last known files are shown, and
    /// <c>;path=/a%20b</c> limits that to one place. Without any of them the node is dead.
    /// </summary>
    public void AddPartialResultHeaders(HttpResponse response)
    {
        if (!IsWhole) response.Headers[MissingHeader] = HeaderValue();
    }

    /// <summary>The value of that header; empty when no node is missing.</summary>
    public string HeaderValue() => string.Join(
        ", ", Missing.Select(node => string.Create(
            CultureInfo.InvariantCulture, $"{Token(node.Name.Value)};since={node.Since.Seconds}{Parameter(node)}")));

    /// <summary>A sentence with the missing nodes that may have a path that was not found; empty when none is missing.</summary>
    public string PossibleHolders(string it) => Missing switch
    {
        [] => "",
        [{ Path: { } path } one] => $"{it} may be on {one.Name}, which cannot read {path} since {Time(one)}.",
        [{ Reason: MissingReason.Unconfirmed } one] =>
            $"{it} may be on {one.Name}, whose files are shown as of {Time(one)} and not confirmed yet.",
        [{ Reason: MissingReason.Joining } one] => $"{it} may be on {one.Name}, which is joining: what it holds may not be listed yet.",
        [{ Reason: MissingReason.Left } one] => $"{it} may be on {one.Name}, which left at {Time(one)}.",
        [var one] => $"{it} may be on {one.Name}, which is dead since {Time(one)}.",
        _ => $"{it} may be on one of the missing nodes: {List()}.",
    };

    /// <summary>The missing nodes with reasons, without a full stop; empty when none is missing.</summary>
    public string MissingNodes() => Missing switch
    {
        [] => "",
        [{ Path: { } path } one] => $"{one.Name} cannot read {path} since {Time(one)}, and its files there are shown as they were",
        [{ Reason: MissingReason.Unconfirmed } one] => $"the files of {one.Name} are shown as of {Time(one)} and not confirmed yet",
        [{ Reason: MissingReason.Joining } one] => $"{one.Name} is joining: what it holds may not be listed yet",
        [{ Reason: MissingReason.Left } one] => $"{one.Name} left at {Time(one)}",
        [var one] => $"{one.Name} is dead since {Time(one)}",
        _ => $"{Missing.DistinctBy(node => node.Name).Count()} nodes are missing: {List()}",
    };

    /// <summary>Answers a request for a path that this tree does not have.</summary>
    public Task WriteNotFoundAsync(HttpContext http, string sentence)
    {
        AddPartialResultHeaders(http.Response);
        return PlainText.WriteAsync(
            http, StatusCodes.Status404NotFound, IsWhole ? sentence : $"{sentence} {PossibleHolders("It")}");
    }

    /// <summary>Refuses <c>?require=complete</c> while a node is missing, and an unknown requirement.</summary>
    /// <returns>Null when this tree meets the requirement.</returns>
    public Task? Refuse(HttpContext http)
    {
        if (!http.Request.QueryString.HasValue || !http.Request.Query.TryGetValue("require", out var required)) return null;
        if (required is not ["complete"])
        {
            return PlainText.WriteAsync(http, StatusCodes.Status400BadRequest, "All that can be required is require=complete.");
        }

        if (IsWhole) return null;
        AddPartialResultHeaders(http.Response);
        http.Response.Headers.RetryAfter = RetrySeconds.ToString(CultureInfo.InvariantCulture);
        return PlainText.WriteAsync(
            http, StatusCodes.Status503ServiceUnavailable, $"The tree is not complete: {MissingNodes()}.");
    }

    /// <summary>When a node was last seen, for people.</summary>
    public static string Time(MissingNode node) =>
        node.Since.ToDateTimeOffset().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private static bool Concerns(MissingNode node, VirtualPath path) =>
        node.Path is not { } place || path.IsSameOrUnder(place) || place.IsSameOrUnder(path);

    private static string Parameter(MissingNode node) => node.Reason switch
    {
        MissingReason.Joining => ";joining",
        MissingReason.Unconfirmed when node.Path is { } path =>
            $";unconfirmed;path={string.Join('/', path.Value.Split('/').Select(Token))}",
        MissingReason.Unconfirmed => ";unconfirmed",
        MissingReason.Left => ";left",
        _ => "",
    };

    private string List() => string.Join(", ", Missing.Select(node => $"{node.Name} ({ReasonOf(node)})"));

    private static string ReasonOf(MissingNode node) => node.Reason switch
    {
        MissingReason.Joining => "joining",
        MissingReason.Unconfirmed when node.Path is { } path => $"cannot read {path} since {Time(node)}",
        MissingReason.Unconfirmed => $"not confirmed since {Time(node)}",
        MissingReason.Left => $"left at {Time(node)}",
        _ => $"dead since {Time(node)}",
    };

    /// <summary>
    /// A name as a token (RFC 9110 section 5.6.2): characters that a token cannot have, and the percent sign, are percent-encoded.
    /// </summary>
    private static string Token(string name)
    {
        var token = new StringBuilder();
        foreach (var value in Encoding.UTF8.GetBytes(name))
        {
            if (char.IsAsciiLetterOrDigit((char)value) || "!#$&'*+-.^_`|~".Contains((char)value, StringComparison.Ordinal))
            {
                token.Append((char)value);
            }
            else
            {
                token.Append('%').Append(value.ToString("X2", CultureInfo.InvariantCulture));
            }
        }

        return token.ToString();
    }
}
