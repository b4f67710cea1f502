using System.Text.Json;

namespace Dftp.Node.Commands;

/// <summary><c>dftp nodes</c>: the nodes that a node knows, as a table.</summary>
internal static class NodesCommand
{
    private const string Nothing = "-";

    public static async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var (answer, report) = await new RunningNode(context).StatusAsync(cancellationToken);
        if (context.Request.Json)
        {
            using var document = JsonDocument.Parse(answer.Body);
            await RunningNode.WriteJsonAsync(context.Output, json => WriteNodes(document.RootElement, json));
            return ExitCode.Done;
        }

        var now = context.Time.GetUtcNow();
        var table = new TextTable("NAME", "STATE", ">FILES", ">SIZE", ">LAG", "LAST SEEN", "PUBLIC", "MANAGEMENT");
        foreach (var node in report.Nodes)
        {
            table.Add(
                node.Name,
                node.Original ? $"{node.State} (original)" : node.State,
                Measures.Number(node.Files),
                Measures.Bytes(node.Bytes),
                node.Lag is { } lag ? Measures.Number(lag) : Nothing,
                node.IsSelf ? "now" : Measures.Ago(node.LastAlive, now),
                Or(node.PublicAddress),
                Or(node.ManagementAddress));
        }

        // A node that is joining or unconfirmed has its row already.
        foreach (var missing in report.Missing.Where(missing => missing.Path is null && !HasRow(missing)))
        {
            table.Add(
                missing.Name, missing.StateNow, Nothing, Nothing, Nothing,
                Measures.Time(missing.Since), Nothing, Or(missing.LastAddress));
        }
        await table.WriteAsync(context.Output);
        return ExitCode.Done;

        bool HasRow(MissingStatus missing) => report.Nodes.Any(node => node.Name == missing.Name);
    }

    private static void WriteNodes(JsonElement status, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        foreach (var member in status.EnumerateObject().Where(member => member.Name is "nodes" or "missing")) member.WriteTo(json);
        json.WriteEndObject();
    }

    private static string Or(string text) => text.Length > 0 ? text : Nothing;
}
