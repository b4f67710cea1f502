using System.Net;

namespace Dftp.Node.Commands;

/// <summary><c>dftp find</c>: the paths of files by their name. The list is filtered while it arrives.</summary>
internal static class FindCommand
{
    public static async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var address = await new RunningNode(context).PublicAddressAsync(cancellationToken);
        try
        {
            // A node filters by the query; a legacy node ignores it and sends everything. So the list is always filtered here too.
            var query = new PathPattern(context.Request.Operand).ForSearch is { } name ? $"?name={Uri.EscapeDataString(name)}" : "";
            using var response = await context.Client.OpenAsync(address, $"/find/{query}", cancellationToken);
            await TellMissingAsync(context, response);
            if (response.StatusCode != HttpStatusCode.OK)
                throw new CommandException($"http://{address}/find/ is answered with {(int)response.StatusCode} and no list of files");
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            return await WriteMatchesAsync(context, body, cancellationToken) > 0 ? ExitCode.Done : ExitCode.NotDone;
        }
        catch (NoAnswerException failure)
        {
            throw new CommandException($"the list of files at http://{address}/find/ cannot be read: {failure.Message}");
        }
    }

    private static async Task<long> WriteMatchesAsync(CommandContext context, Stream body, CancellationToken cancellationToken)
    {
        var pattern = new PathPattern(context.Request.Operand);
        var lines = new LineReader(body, context.Client);
        var found = 0L;
        while (await lines.ReadAsync(cancellationToken))
        {
            foreach (var path in lines.Lines.Where(pattern.Matches))
            {
                await context.Output.WriteAsync(OneLine.Escape(path) + "\n");
                found++;
            }

            await context.Output.FlushAsync(cancellationToken);
        }

        return found;
    }

    private static async Task TellMissingAsync(CommandContext context, HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues(MissingHeader.Name, out var values)) return;
        await context.Error.WriteAsync($"dftp: {OneLine.Escape(MissingHeader.InWords(string.Join(", ", values)))}\n");
    }
}
