using System.Net;

namespace Dftp.Node.Commands;

/// <summary><c>dftp forget</c>: removes a node that will not come back from the list of known nodes.</summary>
internal static class ForgetCommand
{
    public static async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var name = context.Request.Operand;
        var answer = await new RunningNode(context).PostAsync("/forget/", "name", name, cancellationToken);
        if (answer.Status != HttpStatusCode.OK) throw new CommandException(answer.Sentence);
        await context.Output.WriteAsync(OneLine.Escape($"{name} is forgotten") + "\n");
        return ExitCode.Done;
    }
}
